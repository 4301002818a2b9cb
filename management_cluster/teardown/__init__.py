"""What `pulumi destroy` does about the fleet before it deletes anything: refuse, drain or detach."""
