// A module that calls a known vulnerability: see scripts/vulncheck.
module github.com/latchkey-id/latchkey/tools/vulncontrol

go 1.26.0

require golang.org/x/text v0.3.7
