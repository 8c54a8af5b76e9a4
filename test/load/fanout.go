package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// toldClients is how many applications a session has signed in to that is ended, and
// signOuts how many sessions are.
const (
	toldClients = 20
	signOuts    = 40
)

// fanOut is the row of logout tokens (OpenID Connect Back-Channel Logout 1.0): its rate
// is of deliveries, its times are from the request to sign out to the last of them.
var fanOut = row{Name: fmt.Sprintf("logout tokens, %d applications a sign-out", toldClients)}

func toldClient(n int) string { return fmt.Sprintf("told-%d", n) }

// addTold appends clients that are told of sign-outs at an address to the clients of
// the configuration.
func (in *installation) addTold(receiver string) error {
	text, err := os.ReadFile(in.config)
	if err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	var clients strings.Builder
	clients.WriteString("clients:\n")
	for i := range toldClients {
		in.secrets[toldClient(i)] = newSecret()
		fmt.Fprintf(&clients, `  - id: %s
    type: confidential
    secret: %s
    redirect_uris: [%s]
    scopes: [openid, profile, email, offline_access]
    id_token_signing_alg: ES256
    backchannel_logout_uri: %s/%s
`, toldClient(i), in.secrets[toldClient(i)], redirectURI, receiver, toldClient(i))
	}
	_, others, _ := strings.Cut(string(text), "clients:\n")
	if err := os.WriteFile(in.config, []byte(clients.String()+others), 0o600); err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	return nil
}

// fanOut measures how fast the applications of a session are told of its end.
func (s settings) fanOut(ctx context.Context, in *installation, m *measured) error {
	if !s.wants(fanOut.Name) {
		return nil
	}
	told, err := newReceiver(ctx)
	if err != nil {
		return err
	}
	defer told.server.Close()
	if err := in.addTold(told.address); err != nil {
		return err
	}
	node, err := in.start(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	p := &party{node: node, secrets: in.secrets}
	w, err := node.dial(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	all := sample{}
	for range signOuts {
		one, err := p.signOutOfAll(ctx, in, w, told)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", fanOut.Name, err, node.log.String())
		}
		all.took = append(all.took, one.took...)
		all.cpu += one.cpu
		all.duration += one.duration
	}
	slices.Sort(all.took)
	deliveries := signOuts * toldClients
	m.results[fanOut.Name] = result{
		PerSecond: float64(deliveries) / all.duration.Seconds(), P50: percentile(all.took, 50), P99: percentile(all.took, 99),
		Done: deliveries, CPU: all.cpu / time.Duration(deliveries),
	}
	return nil
}

// signOutOfAll signs somebody in to every application, which is not measured, and out,
// until each application has been told.
func (p *party) signOutOfAll(ctx context.Context, in *installation, w *wire, told *receiver) (sample, error) {
	cookies, err := p.node.signIn(ctx, "person0", in.password)
	if err != nil {
		return sample{}, err
	}
	who, idToken := &person{cookies: cookies}, []byte(nil)
	for i := range toldClients {
		flow, err := p.codeFlowOf(w, toldClient(i), who, &who.tokens)
		if err == nil {
			err = flow()
		}
		if err != nil {
			return sample{}, err
		}
		if idToken, err = between(w.body, idTokenMark, '"'); err != nil {
			return sample{}, err
		}
		idToken = slices.Clone(idToken)
	}
	request := p.node.get(p.node.Endpoints.EndSession+"?"+url.Values{"id_token_hint": {string(idToken)}}.Encode(), cookies)
	this := contender{node: p.node}
	before, err := this.cpu()
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	// The page that says who was told can be asked for now: it is not the answer to wait for.
	if err := w.expect(request, http.StatusSeeOther, nil); err != nil {
		return sample{}, err
	}
	if err := told.all(ctx, idToken); err != nil {
		return sample{}, err
	}
	took := time.Since(begin)
	after, err := this.cpu()
	return sample{took: []time.Duration{took}, cpu: after - before, duration: took}, err
}

// receiver is where logout tokens arrive, at an address for each client.
type receiver struct {
	address string
	server  *http.Server
	tokens  chan arrived
}

// arrived is a logout token, and the client that it was for.
type arrived struct{ client, token string }

func newReceiver(ctx context.Context) (*receiver, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for logout tokens: %w", err)
	}
	r := &receiver{address: "http://" + l.Addr().String(), tokens: make(chan arrived, toldClients)}
	r.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body) // what is cut off is no token
		form, _ := url.ParseQuery(string(body))
		r.tokens <- arrived{strings.TrimPrefix(request.URL.Path, "/"), form.Get("logout_token")}
	})}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

// all waits until each client has a token of the end of the session that an ID token
// was issued in.
func (r *receiver) all(ctx context.Context, idToken []byte) error {
	session, err := readToken(string(idToken))
	if err != nil {
		return err
	}
	missing := map[string]bool{}
	for i := range toldClients {
		missing[toldClient(i)] = true
	}
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for len(missing) > 0 {
		select {
		case got := <-r.tokens:
			claims, err := readToken(got.token)
			if err == nil && (claims.Type != "logout+jwt" || claims.SID != session.SID || claims.Audience != got.client || !missing[got.client]) {
				err = fmt.Errorf("%s got %+v", got.client, claims)
			}
			if err != nil {
				return err
			}
			delete(missing, got.client)
		case <-late.C:
			return fmt.Errorf("%d applications were not told within a minute", len(missing))
		case <-ctx.Done():
			return fmt.Errorf("stopped: %w", ctx.Err())
		}
	}
	return nil
}

// tokenClaims are what is looked at of a signed token.
type tokenClaims struct {
	Type     string `json:"typ"`
	SID      string `json:"sid"`
	Audience string `json:"aud"`
}

// readToken reads the header and the claims of a token that has a signature.
func readToken(token string) (c tokenClaims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		return c, errors.New("no signed token")
	}
	for _, part := range parts[:2] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err == nil {
			err = json.Unmarshal(text, &c)
		}
		if err != nil {
			return c, fmt.Errorf("read token: %w", err)
		}
	}
	return c, nil
}
