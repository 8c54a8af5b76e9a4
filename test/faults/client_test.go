package faults

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	redirectURI = "https://wiki.example.com/callback"
	verifier    = "a-verifier-of-forty-three-characters-012345"
)

// route is a way to the provider.
type route struct {
	name string
	http *http.Client
}

// send sends a request and keeps in the journal what came of it. read looks at
// the answer of a node.
func (r *run) send(by route, c *call, request *http.Request, read func(*call, *http.Response, []byte)) *call {
	c.Via, c.Sent = by.name, r.journal.now()
	response, err := by.http.Do(request)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	c.Got = r.journal.now()
	defer r.journal.add(c)
	if err != nil {
		c.Lost = err.Error()
		return c
	}
	c.Status, c.RetryAfter = response.StatusCode, response.Header.Get("Retry-After") != ""
	c.Node = response.Header.Get("X-Request-Id") != ""
	switch {
	case c.Node:
		read(c, response, body)
	case c.Status == http.StatusServiceUnavailable:
		// The balancer finds no node: nothing was sent to any.
	default:
		c.Lost = fmt.Sprintf("the balancer says %d", c.Status)
	}
	return c
}

// post sends a form to an endpoint as a client.
func (r *run) post(by route, c *call, path string, form url.Values) *call {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.in.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err) // only for an address that is none
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	return r.send(by, c, request, readJSON)
}

func readJSON(c *call, _ *http.Response, body []byte) {
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
		Error   string `json:"error"`
		Active  bool   `json:"active"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			c.Error = "not JSON: " + err.Error()
		}
	}
	c.Access, c.Refresh, c.IDToken, c.Active = answer.Access, answer.Refresh, answer.ID, answer.Active
	if answer.Error != "" {
		c.Error = answer.Error
	}
}

// readRedirect reads what an authorization answers to a relying party.
func readRedirect(c *call, response *http.Response, _ []byte) {
	to, err := response.Location()
	if err != nil {
		if c.Status < http.StatusInternalServerError {
			c.Error = "no redirect"
		}
		return
	}
	c.Code, c.Error = to.Query().Get("code"), to.Query().Get("error")
	if c.Code == "" && c.Error == "" {
		c.Error = "led to " + to.Path
	}
	if c.Error == "temporarily_unavailable" {
		c.Status = http.StatusServiceUnavailable // an answer to the relying party, which tries again
		c.RetryAfter = true
	}
}

func (r *run) exchange(by route, c *call, code string) *call {
	c.What, c.Shown = exchange, code
	return r.post(by, c, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
}

func (r *run) refresh(by route, c *call, token string) *call {
	c.What, c.Shown = refresh, token
	return r.post(by, c, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (r *run) revoke(by route, c *call, token string) *call {
	c.What, c.Shown = revoke, token
	return r.post(by, c, "/revoke", url.Values{"token": {token}})
}

func (r *run) introspect(by route, c *call, token string) *call {
	c.What, c.Shown = introspect, token
	return r.post(by, c, "/introspect", url.Values{"token": {token}})
}

func (r *run) get(by route, c *call, path string, read func(*call, *http.Response, []byte), bearer ...string) *call {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.in.issuer+path, http.NoBody)
	if err != nil {
		panic(err)
	}
	for _, token := range bearer {
		c.Shown = token
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return r.send(by, c, request, read)
}

func (r *run) userinfo(by route, c *call, token string) *call {
	c.What = userinfo
	return r.get(by, c, "/userinfo", readJSON, token)
}

// authorizePath is where a browser is sent for a code.
func authorizePath(scope, prompt string) string {
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "state": {"s1"},
		"scope": {scope}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	if prompt != "" {
		query.Set("prompt", prompt)
	}
	return "/authorize?" + query.Encode()
}
