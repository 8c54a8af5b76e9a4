package console

import "github.com/latchkey-id/latchkey/internal/testbrowser"

type pageOf = testbrowser.Page
