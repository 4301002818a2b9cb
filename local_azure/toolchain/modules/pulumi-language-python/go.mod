module slipway.local/toolchain/pulumi-language-python

go 1.26.0
