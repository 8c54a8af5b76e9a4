package mfa

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// otpauthURI spells a TOTP secret in the Key URI format of authenticator apps.
// Its issuer stands in the label and in a parameter, as the format advises, and
// a space is %20: some apps show a + as it is.
func otpauthURI(issuer, account, secret string) string {
	// A colon divides the label.
	issuer = strings.ReplaceAll(issuer, ":", " ")
	query := url.Values{
		"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {fmt.Sprint(codeDigits)}, "period": {fmt.Sprint(int(totpPeriod / time.Second))},
	}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
