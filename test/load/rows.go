package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// row is one kind of request, or of several that belong together.
type row struct {
	Name string
	// Aim is how many a second we want of two cores that the node shares with
	// its stores and the load.
	Aim int
	// Signatures, Database and Redis say what one costs: the tokens that it
	// signs, its round trips to the database, and the commands that Redis runs,
	// those of scripts included. A test holds the node to them.
	Signatures, Database, Redis int
	// Commits says that each one is a commit that a later count must find.
	Commits bool
	// Old says that versions of long ago answer it too.
	Old bool
	// Beside names the row that this one is measured in turn with, because the difference
	// is what it tells; empty is none.
	Beside string
	// prepare makes the work of a connection, on its i-th call.
	prepare func(p *party, w *wire, i int) (work, error)
}

// rows are in an order in which each finds what it needs from those before.
var rows = []row{
	{Name: "discovery", Old: true, Aim: 40_000, prepare: func(p *party, w *wire, _ int) (work, error) {
		return always(w, p.node.get(discoveryPath), `"issuer"`), nil
	}},
	{Name: "JWKS", Old: true, prepare: func(p *party, w *wire, _ int) (work, error) {
		return always(w, p.node.get(p.node.Endpoints.JWKS), `"kid"`), nil
	}},
	{Name: "client_credentials", Old: true, Aim: 15_000, Signatures: 1, prepare: func(p *party, w *wire, _ int) (work, error) {
		return always(w, p.node.post(p.node.Endpoints.Token, "grant_type=client_credentials", p.basic(service)), `"access_token"`), nil
	}},
	{Name: "code flow behind a session", Old: true, Aim: 1_500, Signatures: 2, Database: 2, Redis: 3, prepare: (*party).codeFlow},
	{Name: "refresh", Old: true, Aim: 5_000, Signatures: 2, Database: 1, Commits: true, prepare: (*party).refresh},
	{Name: "introspection", Old: true, Aim: 10_000, Database: 1, prepare: func(p *party, w *wire, i int) (work, error) {
		return p.introspect(w, p.people[i].tokens.access)
	}},
	{Name: "introspection, each token new", Old: true, Database: 1, prepare: (*party).introspectNew},
	{Name: "userinfo", Old: true, Aim: 10_000, Database: 1, prepare: func(p *party, w *wire, i int) (work, error) {
		request := p.node.get(p.node.Endpoints.UserInfo, "Authorization: Bearer "+p.people[i].tokens.access)
		return always(w, request, `"email"`), nil
	}},
	{Name: "pushed authorization request", Redis: 1, prepare: (*party).pushRequest},
	{Name: "token exchange", Signatures: 1, Database: 2, prepare: (*party).exchange},
	{Name: "poll of a device", Redis: 5, prepare: (*party).poll},
	{Name: "refresh with a DPoP proof", Signatures: 2, Database: 1, Redis: 1, Commits: true, prepare: (*party).refreshBound},
	{Name: "code flow, groups and an expression in tokens", Signatures: 2, Database: 2, Redis: 3, Beside: "code flow behind a session", prepare: (*party).codeFlowWithClaims},
	{Name: "refresh, groups and an expression in tokens", Signatures: 2, Database: 1, Commits: true, Beside: "refresh", prepare: (*party).refreshWithClaims},
	{Name: "refresh, access decided over 500 groups", Signatures: 2, Database: 1, Commits: true, prepare: (*party).refreshOfMany},
}

// rowOf returns one of the rows by its name.
func rowOf(name string) row {
	return rows[slices.IndexFunc(rows, func(r row) bool { return r.Name == name })]
}

// party is a relying party, with the people who are signed in at its provider:
// one for each connection.
type party struct {
	node    *latchkey
	secrets map[string]string
	people  []*person
	// members are people of many groups.
	members []*person
}

// person is a browser with a session, and what the party holds for it.
type person struct {
	name, cookies string
	tokens        tokens
	// claimed are those of the application whose tokens carry more.
	claimed tokens
	// spare are access tokens that nobody has shown to the node yet.
	spare []string
}

type tokens struct{ access, refresh string }

// newParty signs people in.
func newParty(ctx context.Context, in *installation, node *latchkey, people int) (*party, error) {
	p := &party{node: node, secrets: in.secrets}
	for i := range people {
		name, err := in.person(ctx, i)
		if err != nil {
			return nil, err
		}
		cookies, err := node.signIn(ctx, name, in.password)
		if err != nil {
			return nil, err
		}
		p.people = append(p.people, &person{name: name, cookies: cookies})
	}
	return p, nil
}

// join puts its people into groups, and signs as many in who are in many.
func (p *party) join(ctx context.Context, in *installation) error {
	for _, one := range p.people {
		if err := in.join(ctx, one.name); err != nil {
			return err
		}
	}
	if err := in.importMembers(ctx, len(p.people)); err != nil {
		return err
	}
	for i := range p.people {
		cookies, err := p.node.signIn(ctx, member(i), in.password)
		if err != nil {
			return err
		}
		p.members = append(p.members, &person{name: member(i), cookies: cookies})
	}
	return nil
}

func (p *party) basic(client string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(client+":"+p.secrets[client]))
}

// always sends the same request again and again.
func always(w *wire, request []byte, holds string) work {
	return func() error { return w.expect(request, http.StatusOK, []byte(holds)) }
}

var (
	codeMark         = []byte("code=")
	accessTokenMark  = []byte(`"access_token":"`)
	refreshTokenMark = []byte(`"refresh_token":"`)
	idTokenMark      = []byte(`"id_token":"`)
)

// codeFlow is what a person does who is signed in and opens one more
// application: /authorize answers with a code, which the application exchanges.
func (p *party) codeFlow(w *wire, i int) (work, error) {
	return p.codeFlowOf(w, application, p.people[i], &p.people[i].tokens)
}

func (p *party) codeFlowOf(w *wire, client string, who *person, into *tokens) (work, error) {
	return p.codeFlowWith(w, client, who, into, nil)
}

// codeFlowWith is a code flow whose exchange has a header more, made anew for each.
func (p *party) codeFlowWith(w *wire, client string, who *person, into *tokens, header func() string) (work, error) {
	authorize := p.node.get(p.node.authorizeURL(client), who.cookies)
	return func() error {
		if err := w.expect(authorize, http.StatusSeeOther, nil); err != nil {
			return err
		}
		code, err := between(w.location, codeMark, '&')
		if err != nil {
			return fmt.Errorf("authorize: %w", err)
		}
		form := url.Values{
			"grant_type": {"authorization_code"}, "code": {string(code)}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
		}.Encode()
		headers := []string{p.basic(client)}
		if header != nil {
			headers = append(headers, header())
		}
		if err := w.expect(p.node.post(p.node.Endpoints.Token, form, headers...), http.StatusOK, idTokenMark); err != nil {
			return err
		}
		return into.keep(w.body)
	}, nil
}

// refresh follows one chain: each request spends the token that the one before
// brought.
func (p *party) refresh(w *wire, i int) (work, error) {
	return p.refreshOf(w, application, p.people[i], &p.people[i].tokens)
}

func (p *party) refreshOf(w *wire, client string, who *person, held *tokens) (work, error) {
	if held.refresh == "" {
		flow, err := p.codeFlowOf(w, client, who, held)
		if err == nil {
			err = flow()
		}
		if err != nil {
			return nil, err
		}
	}
	request := p.node.post(p.node.Endpoints.Token, "grant_type=refresh_token&refresh_token="+held.refresh, p.basic(client))
	return func() error {
		last := held.refresh
		copy(request[len(request)-len(last):], last) // every refresh token has the same length
		if err := w.expect(request, http.StatusOK, idTokenMark); err != nil {
			return err
		}
		if err := held.keep(w.body); err != nil {
			return err
		}
		if held.refresh == last || len(held.refresh) != len(last) {
			return errors.New("the refresh token did not rotate")
		}
		if client == application && len(who.spare) < maxSpare {
			who.spare = append(who.spare, held.access)
		}
		return nil
	}, nil
}

// maxSpare is so many that no cache of the node holds those of all connections.
const maxSpare = 4000

// keep notes the tokens of a token response.
func (t *tokens) keep(response []byte) error {
	access, err := between(response, accessTokenMark, '"')
	if err != nil {
		return err
	}
	refresh, err := between(response, refreshTokenMark, '"')
	if err != nil {
		return err
	}
	*t = tokens{access: string(access), refresh: string(refresh)}
	return nil
}

var activeMark = []byte(`"active":true`)

func (p *party) introspect(w *wire, token string) (work, error) {
	if token == "" {
		return nil, errors.New("no access token: measure the code flow or refresh first")
	}
	return always(w, p.node.post(p.node.Endpoints.Introspection, "token="+token, p.basic(application)), string(activeMark)), nil
}

// introspectNew shows the access tokens of the refreshes in turn. They are more
// than the node remembers, so it verifies every signature.
func (p *party) introspectNew(w *wire, i int) (work, error) {
	spare := p.people[i].spare
	if len(spare) == 0 {
		return nil, errors.New("no access tokens: measure refresh first")
	}
	requests := make([][]byte, len(spare))
	for j, token := range spare {
		requests[j] = p.node.post(p.node.Endpoints.Introspection, "token="+token, p.basic(application))
	}
	next := 0
	return func() error {
		request := requests[next%len(requests)]
		next++
		return w.expect(request, http.StatusOK, activeMark)
	}, nil
}
