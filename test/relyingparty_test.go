package test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	redirect = "https://wiki.example.com/callback"
	verifier = "a-verifier-of-forty-three-characters-012345"
)

// relyingParty speaks the protocol as its client. What it does may be done by
// many goroutines: failures are returned, not fatal.
type relyingParty struct {
	issuer, id string
	// scope is what it asks for, where that is not the usual.
	scope string
}

// answer is what the provider answers a relying party.
type answer struct {
	Status       int
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	Error        string `json:"error"`
	Active       bool   `json:"active"`
	// Lost says why there was no answer.
	Lost error
}

// String names an answer without its tokens.
func (a answer) String() string {
	if a.Lost != nil {
		return "lost: " + a.Lost.Error()
	}
	return fmt.Sprintf("%d %s", a.Status, a.Error)
}

// authorize is the address that a browser is sent to.
func (rp *relyingParty) authorize() string {
	challenge := sha256.Sum256([]byte(verifier))
	scope := "openid email offline_access"
	if rp.scope != "" {
		scope = rp.scope
	}
	return "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {rp.id}, "redirect_uri": {redirect}, "state": {"s1"},
		"scope": {scope}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode()
}

// code returns a code for the person who is signed in in the browser.
func (rp *relyingParty) code(t *testing.T, b *testbrowser.Browser) string {
	t.Helper()
	page := b.Get(rp.authorize())
	if page.Location == nil || !page.Location.Query().Has("code") {
		t.Fatalf("no code but %v, status %d: %s", page.Location, page.Status, page.Body)
	}
	return page.Location.Query().Get("code")
}

// tokens returns the first tokens of a new grant.
func (rp *relyingParty) tokens(t *testing.T, via *http.Client, b *testbrowser.Browser) answer {
	t.Helper()
	return must(t, rp.exchange(via, rp.code(t, b)))
}

func (rp *relyingParty) exchange(via *http.Client, code string) answer {
	return rp.exchangeWith(via, code, verifier)
}

func (rp *relyingParty) exchangeWith(via *http.Client, code, verifier string) answer {
	return rp.post(via, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier},
	})
}

func (rp *relyingParty) refresh(via *http.Client, token string) answer {
	return rp.post(via, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (rp *relyingParty) revoke(via *http.Client, token string) answer {
	return rp.post(via, "/revoke", url.Values{"token": {token}})
}

func (rp *relyingParty) introspect(via *http.Client, token string) answer {
	return rp.post(via, "/introspect", url.Values{"token": {token}})
}

// userinfo asks with an access token.
func (rp *relyingParty) userinfo(via *http.Client, token string) answer {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, rp.issuer+"/userinfo", http.NoBody)
	if err != nil {
		return answer{Lost: err}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return do(via, r)
}

func (rp *relyingParty) post(via *http.Client, path string, form url.Values) answer {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, rp.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{Lost: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(rp.id), url.QueryEscape(secrets[rp.id]))
	return do(via, r)
}

func do(via *http.Client, r *http.Request) answer {
	response, err := via.Do(r)
	if err != nil {
		return answer{Lost: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Lost: err}
	}
	a := answer{Status: response.StatusCode}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &a); err != nil {
			return answer{Lost: fmt.Errorf("status %d, not JSON: %w", response.StatusCode, err)}
		}
	}
	return a
}

// must returns an answer that is a success.
func must(t *testing.T, a answer) answer {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("answered %s", a)
	}
	return a
}

// expect checks that a request was refused with an error code.
func expect(t *testing.T, what string, a answer, status int, code string) {
	t.Helper()
	if a.Status != status || code != "" && a.Error != code {
		t.Errorf("%s answered %s, want %d %s", what, a, status, code)
	}
}

// expectDead checks that an access token works nowhere.
func (rp *relyingParty) expectDead(t *testing.T, in *installation, accessToken string) {
	t.Helper()
	for i := range in.nodes {
		expect(t, "userinfo", rp.userinfo(in.http(i), accessToken), http.StatusUnauthorized, "")
		if a := rp.introspect(in.http(i), accessToken); a.Status != http.StatusOK || a.Active {
			t.Errorf("introspection answered %s, active %v", a, a.Active)
		}
	}
}

// atOnce does something many times at the same moment.
func atOnce(times int, what func(i int) answer) []answer {
	answers := make([]answer, times)
	start := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(times)
	for i := range times {
		done.Go(func() {
			ready.Done()
			<-start
			answers[i] = what(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return answers
}

// grantOf reads from a refresh token which grant and generation it is: see
// op's refreshToken for the form.
func grantOf(token string) (id storage.ID, generation uint32, err error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "lkr_"))
	if err != nil {
		return "", 0, err
	}
	if len(b) < 25 {
		return "", 0, errors.New("too short for a refresh token")
	}
	return storage.IDFromBytes([16]byte(b[5:21])), binary.BigEndian.Uint32(b[21:25]), nil
}
