package op

import (
	"strings"
	"testing"
)

// TestNamesOfClaimsAreCaseSensitive: in claims, in what they hold, and in headers.
func TestNamesOfClaimsAreCaseSensitive(t *testing.T) {
	var c assertionClaims
	const text = `{"iss":"a","Iss":"b","SUB":"c","Aud":"d","exp":1,"EXP":2,"may_act":{"Sub":"e","sub":"f"},"jti":null}`
	if err := decodeClaims([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if c.Issuer != "a" || c.Subject != "" || len(c.Audience) != 0 || c.ExpiresAt != 1 || c.MayAct == nil || c.MayAct.Subject != "f" || c.ID != "" {
		t.Errorf("read as %+v, %+v", c, c.MayAct)
	}
	for _, wrong := range []string{`null`, `[]`, `"text"`, `{"exp":"now"}`, `{"may_act":[]}`, ``, `{`} {
		if err := decodeClaims([]byte(wrong), &assertionClaims{}); err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("%q is taken: %v", wrong, err)
		}
	}
}
