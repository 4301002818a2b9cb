// Only downloaded: the release charts of earlier versions, which generated files of a release can be taken from.
module slipway.local/toolchain/azure-service-operator-charts

go 1.26.0

require github.com/Azure/azure-service-operator/v2 v2.18.0
