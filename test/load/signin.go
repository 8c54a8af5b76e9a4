package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// verifier and its S256 challenge are those of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// authorizeURL is a request as relying parties make it.
func (l *latchkey) authorizeURL(client string) string {
	return l.Endpoints.Authorization + "?" + url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirectURI},
		"scope": {"openid profile email offline_access"}, "state": {"af0ifjsldkj"}, "nonce": {"n-0S6_WzA2Mj"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode()
}

// signIn signs a person in as a browser without scripts does, and returns the
// cookies of the browser as the header that it sends from then on.
func (l *latchkey) signIn(ctx context.Context, username, password string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", fmt.Errorf("make a browser: %w", err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirectURI) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, form, err := openForm(ctx, browser, l.authorizeURL(application))
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	form.Set("username", username)
	form.Set("password", password)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", l.Issuer)
	answer, err := browser.Do(r)
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	defer answer.Body.Close()
	if !strings.HasPrefix(answer.Header.Get("Location"), redirectURI+"?code=") {
		return "", fmt.Errorf("sign in: answered %s at %s", answer.Status, answer.Request.URL.Path)
	}
	var cookies []string
	for _, c := range jar.Cookies(&url.URL{Scheme: "http", Host: l.Address, Path: "/"}) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(cookies, "; "), nil
}

// openForm returns the address and the fields of the form that the browser
// ends up at.
func openForm(ctx context.Context, browser *http.Client, address string) (string, url.Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", nil, err
	}
	answer, err := browser.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	action, fields, err := readForm(answer.Body)
	if err != nil {
		return "", nil, fmt.Errorf("%s at %s: %w", answer.Status, answer.Request.URL.Path, err)
	}
	to, err := answer.Request.URL.Parse(action)
	if err != nil {
		return "", nil, err
	}
	return to.String(), fields, nil
}

// readForm returns the action and the fields with a value of a page's first form.
func readForm(page io.Reader) (action string, fields url.Values, err error) {
	fields = url.Values{}
	tokens, inside := html.NewTokenizer(page), false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return "", nil, errors.Join(errors.New("no form"), tokens.Err())
		case html.EndTagToken:
			if t := tokens.Token(); t.Data == "form" && inside {
				return action, fields, nil
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := tokens.Token()
			attributes := map[string]string{}
			for _, a := range t.Attr {
				attributes[a.Key] = a.Val
			}
			switch {
			case t.Data == "form":
				inside, action = true, attributes["action"]
			case t.Data == "input" && inside && attributes["value"] != "":
				fields.Set(attributes["name"], attributes["value"])
			}
		default: // texts
		}
	}
}
