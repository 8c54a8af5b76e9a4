package test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// push pushes the authorization request of the relying party and returns the address
// that a browser is sent to then.
func (rp *relyingParty) push(t *testing.T, via *http.Client) string {
	t.Helper()
	_, query, _ := strings.Cut(rp.authorize(), "?")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, rp.issuer+"/par", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(rp.id), url.QueryEscape(secrets[rp.id]))
	response, err := via.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var said struct {
		RequestURI string `json:"request_uri"`
	}
	if err != nil || response.StatusCode != http.StatusCreated || json.Unmarshal(body, &said) != nil || said.RequestURI == "" {
		t.Fatalf("pushing is answered %d %s, %v", response.StatusCode, body, err)
	}
	return "/authorize?" + url.Values{"client_id": {rp.id}, "request_uri": {said.RequestURI}}.Encode()
}

// However many times and at whichever node a browser comes with a pushed request, it
// gets one code.
func TestPR1_OfManyVisitsWithOnePushedRequestOneGetsACode(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, b := in.client("wiki"), in.signedIn(t)
		address := wiki.issuer + wiki.push(t, in.http(0))
		codes := make(chan string, many)
		for _, a := range atOnce(many, func(i int) answer {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
			if err != nil {
				return answer{Lost: err}
			}
			for _, c := range b.Cookies() {
				r.AddCookie(c)
			}
			via := *in.http(i)
			via.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			response, err := via.Do(r)
			if err != nil {
				return answer{Lost: err}
			}
			defer response.Body.Close()
			if to, err := response.Location(); err == nil && to.Query().Has("code") {
				codes <- to.Query().Get("code")
			}
			return answer{Status: response.StatusCode}
		}) {
			if a.Status != http.StatusSeeOther && a.Status != http.StatusBadRequest {
				t.Errorf("a visit answered %s", a)
			}
		}
		if len(codes) != 1 {
			t.Fatalf("%d codes for one pushed request", len(codes))
		}
		must(t, wiki.exchange(in.http(1), <-codes))
	})
}
