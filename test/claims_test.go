package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"golang.org/x/crypto/bcrypt"
)

// knowsAll is a client that is told everything about a person.
const knowsAll = `
clients:
  - id: wiki
    secret: %q
    redirect_uris: [https://wiki.example.com/callback]
    scopes: [openid, profile, email, address, phone]
`

// ownClaims are what a person may say of themselves, by the fields of the profile
// page; those that are none of it have a page of their own, or follow from others.
var ownClaims = map[string]string{
	"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "Augusta", "nickname": "Countess",
	"profile": "https://ada.example.com/about", "picture": "https://ada.example.com/ada.png", "website": "https://ada.example.com",
	"gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "locale": "en-GB",
}

var ownAddress = map[string]any{
	"street_address": "12 St James’s Square", "locality": "London", "region": "England", "postal_code": "SW1Y 4JH", "country": "United Kingdom",
}

// otherClaims are about the token and not the person, or follow from other claims;
// groups, roles and entitlements are given by an administrator.
var otherClaims = strings.Fields("iss sub aud exp iat auth_time nonce acr amr sid at_hash c_hash updated_at email_verified phone_number_verified groups roles entitlements")

// TestEveryClaimOfDiscoveryCanBeHad: what claims_supported names can be set, by its
// owner, by a command and by import, and arrives in userinfo and in the download.
func TestEveryClaimOfDiscoveryCanBeHad(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: fmt.Sprintf(knowsAll, secrets["wiki"])})
	const password = "six old maps in a tin"
	people := map[string]func(email, phone string) *testbrowser.Browser{
		"form": func(email, phone string) *testbrowser.Browser {
			node.CreateUser(email, password)
			b := signedInTo(t, node, email, password)
			b.Get("/account/profile")
			fields := []string{"username=ada.form"}
			for name, value := range ownClaims {
				fields = append(fields, name+"="+value)
			}
			for name, value := range ownAddress {
				fields = append(fields, name+"="+value.(string))
			}
			b.Submit("profile-submit", fields...).Want(t, http.StatusOK, `id="notice"`)
			b.Get("/account/phone")
			b.Submit("phone-submit", "phone="+phone)
			b.Submit("phone-verify-submit", "code="+codeTo(t, node, phone)).Want(t, http.StatusOK, phone[1:])
			return b
		},
		"command": func(email, phone string) *testbrowser.Browser {
			args := []string{"--username", "ada.command", "--phone", phone}
			for name, value := range ownClaims {
				args = append(args, "--claim", name+"="+value)
			}
			for name, value := range ownAddress {
				args = append(args, "--claim", name+"="+value.(string))
			}
			node.CreateUser(email, password, args...)
			return signedInTo(t, node, email, password)
		},
		"import": func(email, phone string) *testbrowser.Browser {
			line := map[string]any{"email": email, "email_verified": true, "username": "ada.import", "phone": phone, "address": ownAddress, "password_hash": bcryptOf(t, password)}
			for name, value := range ownClaims {
				line[name] = value
			}
			text, err := json.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			node.Command(string(text)+"\n", "user", "import", "--format", "jsonl", "-", "--apply")
			return signedInTo(t, node, email, password)
		},
	}
	supported := claimsSupported(t, node)
	rp := &relyingParty{issuer: node.Issuer, id: "wiki", scope: "openid profile email address phone"}
	number := 0
	for how, make := range people {
		number++
		email, phone := how+"@example.com", fmt.Sprintf("+493012345%03d", number)
		b := make(email, phone)
		want := map[string]any{"preferred_username": "ada." + how, "email": email, "phone_number": phone, "address": ownAddress}
		for name, value := range ownClaims {
			want[name] = value
		}
		got := claimsFrom(t, node, must(t, rp.exchange(node.HTTP(), rp.code(t, b))).AccessToken)
		for _, name := range supported {
			if slices.Contains(otherClaims, name) {
				continue
			}
			if want[name] == nil || fmt.Sprint(got[name]) != fmt.Sprint(want[name]) {
				t.Errorf("%s: discovery names %s; userinfo has %v, want %v", how, name, got[name], want[name])
			}
		}
		b.Get("/account/data")
		export := b.Submit("export-submit", withPassword(b, password)...).Body
		for _, value := range ownClaims {
			if !strings.Contains(export, value) {
				t.Errorf("%s: the download lacks %q", how, value)
			}
		}
	}
}

// claimsSupported is what discovery says that userinfo may hold.
func claimsSupported(t *testing.T, node *testenv.Node) []string {
	t.Helper()
	var document struct {
		ClaimsSupported []string `json:"claims_supported"`
	}
	page := node.Browser(t).Get("/.well-known/openid-configuration")
	if err := json.Unmarshal([]byte(page.Body), &document); err != nil || len(document.ClaimsSupported) < 20 {
		t.Fatalf("discovery says %v: %v", document.ClaimsSupported, err)
	}
	return document.ClaimsSupported
}

// claimsFrom is what userinfo says.
func claimsFrom(t *testing.T, node *testenv.Node, token string) map[string]any {
	t.Helper()
	b := node.Browser(t)
	b.Header.Set("Authorization", "Bearer "+token)
	page := b.Get("/userinfo")
	var claims map[string]any
	if err := json.Unmarshal([]byte(page.Body), &claims); err != nil {
		t.Fatalf("userinfo says %s: %v", page.Body, err)
	}
	return claims
}

// signedInTo is a browser in which the person is signed in.
func signedInTo(t *testing.T, node *testenv.Node, email, password string) *testbrowser.Browser {
	t.Helper()
	b := node.Browser(t)
	b.Get("/account")
	b.Submit("login-submit", "username="+email, "password="+password).Want(t, http.StatusOK, `id="signout-link"`)
	return b
}

// withPassword fills in the password where the page asks for it.
func withPassword(b *testbrowser.Browser, password string) []string {
	if b.Page.Has("password") {
		return []string{"password=" + password}
	}
	return nil
}

// codeTo is the code of the newest message to an address.
func codeTo(t *testing.T, node *testenv.Node, to string) string {
	t.Helper()
	var messages []struct{ Code string }
	page := node.Browser(t).Get("/dev/inbox.json?to=" + strings.ReplaceAll(to, "+", "%2B"))
	if err := json.Unmarshal([]byte(page.Body), &messages); err != nil || len(messages) == 0 {
		t.Fatalf("no message to %s in %s: %v", to, page.Body, err)
	}
	return messages[0].Code
}

// bcryptOf is a verifier of another system.
func bcryptOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}
