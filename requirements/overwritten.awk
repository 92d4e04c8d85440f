# Prints the lines of a lock file that are installed once more at last: xds-protos brings old files
# of opentelemetry-proto along, and whichever is installed later wins.
/^[a-z0-9]/ { wanted = /^opentelemetry-proto==/ }
wanted
