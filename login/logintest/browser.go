package logintest

import (
	"strings"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/pquerna/otp/totp"
)

// Browser is a person's browser at the pages.
type Browser struct{ *testbrowser.Browser }

// Browser opens a browser that knows no cookie.
func (p *Parts) Browser() *Browser {
	p.T.Helper()
	return &Browser{testbrowser.New(p.T, p.URL.String(), nil)}
}

// SignIn fills in the sign-in page that is shown.
func (b *Browser) SignIn(username, password string) *testbrowser.Page {
	return b.Submit("login-submit", "username="+username, "password="+password)
}

// Code is what an authenticator app shows for the secret now.
func (p *Parts) Code(secret string) string {
	p.T.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), p.Clock.Now())
	Check(p.T, err)
	return code
}
