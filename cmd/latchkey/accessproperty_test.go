package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/account"
)

// stepsOfAWalk are so many that each question is answered by yes and by no.
const stepsOfAWalk = 300

// TestAC1_NoChangesGiveWhatExplainWouldRefuse: a person, their groups, roles and attributes,
// whether they are disabled, and the rules of each of two nodes over one database change in
// any order between codes, refreshes, exchanges and questions about tokens. Each verdict is
// what `latchkey explain` says at that moment on that node, in both directions, and what is
// issued is what it shows, claim for claim; a model of the decision is the third opinion.
func TestAC1_NoChangesGiveWhatExplainWouldRefuse(t *testing.T) {
	w := newWalk(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	w.past = []string{fmt.Sprintf("seed %d", seed)}
	for range stepsOfAWalk {
		node := r.IntN(len(w.nodes))
		draw := pick(r, w.change, w.question)
		switch {
		case w.held == nil && r.IntN(3) == 0:
			draw = w.letIn
		case w.held != nil && r.IntN(2) == 0:
			draw = w.question
		}
		name, step := draw(r, node)
		w.past = append(w.past, fmt.Sprintf("%s at %d", name, node))
		step()
	}
	refused := 0
	for what, verdicts := range w.verdicts {
		if refused += verdicts[false]; verdicts[true] < 3 {
			t.Errorf("%s was allowed %d times only", what, verdicts[true])
		}
	}
	if len(w.verdicts) != 7 || refused < 10 {
		t.Errorf("not enough was asked for, or refused: %v", w.verdicts)
	}
}

// letIn lets the person in again who is kept out, by whichever rules allow them now.
func (w *walk) letIn(r *rand.Rand, node int) (string, func()) {
	if w.facts.disabled {
		w.facts.disabled = false
		return "enable", func() { w.must(w.accounts().Enable(w.t.Context(), operator(), w.user.ID)) }
	}
	to := rulings[0]
	for _, i := range r.Perm(len(rulings)) {
		if w.facts.may(rulings[i].web, "aal2") && w.facts.may(rulings[i].reports, "aal2") {
			to = rulings[i]
		}
	}
	return "reload both to " + to.name, func() {
		w.reload(node, to)
		w.reload(1-node, to)
	}
}

// change draws something that changes what the person may.
func (w *walk) change(r *rand.Rand, node int) (string, func()) {
	ctx, by, id := w.t.Context(), operator(), w.user.ID
	switch r.IntN(9) {
	case 0, 1:
		group := pick(r, "red", "blue")
		if w.facts.groups[group] {
			w.facts.groups[group] = false
			return "leave " + group, func() { w.must(w.accounts().RemoveFromGroup(ctx, by, id, group, "")) }
		}
		w.facts.groups[group] = true
		return "join " + group, func() { w.must(w.accounts().AddToGroup(ctx, by, id, group)) }
	case 2:
		var roles []string
		if w.facts.admin = !w.facts.admin; w.facts.admin {
			roles = []string{"admin"}
		}
		return "roles", func() {
			_, err := w.accounts().SetRoles(ctx, by, id, roles)
			w.must(err)
		}
	case 3:
		roles := []string{}
		if w.facts.blueAdmins = !w.facts.blueAdmins; w.facts.blueAdmins {
			roles = []string{"admin"}
		}
		return "roles of blue", func() {
			_, err := w.accounts().ChangeGroup(ctx, by, "blue", account.GroupChange{Roles: &roles})
			w.must(err)
		}
	case 4:
		w.facts.department = pick(r, "hr", "it")
		return "attribute", func() {
			w.must(w.accounts().SetAttributes(ctx, by, id, map[string]any{"department": w.facts.department}))
		}
	case 5:
		if r.IntN(3) > 0 {
			break // not so often
		}
		if w.facts.disabled = !w.facts.disabled; w.facts.disabled {
			return "disable", func() {
				w.must(w.accounts().Disable(ctx, by, id, "left"))
				if w.held != nil {
					w.ended()
				}
			}
		}
		return "enable", func() { w.must(w.accounts().Enable(ctx, by, id)) }
	case 6:
		if !w.facts.verified && r.IntN(4) == 0 {
			w.facts.verified = true
			return "verify", func() { w.must(w.accounts().Edit(ctx, by, id, account.Edit{EmailVerified: true})) }
		}
	}
	to := pick(r, rulings...)
	return "reload to " + to.name, func() { w.reload(node, to) }
}

// question draws something that the person, or who holds a token of theirs, asks for.
func (w *walk) question(r *rand.Rand, node int) (string, func()) {
	if w.held == nil || r.IntN(6) == 0 {
		return "exchange", func() { w.exchange(node, pick(r, "aal1", "aal1", "aal2")) }
	}
	switch r.IntN(4) {
	case 0:
		return "refresh", func() { w.refresh(node) }
	case 1:
		return "userinfo", func() { w.userinfo(node) }
	case 2:
		return "introspect", func() { w.introspect(node) }
	}
	return "token exchange", func() { w.exchangeToken(node) }
}

// exchange asks for a code, and for tokens on the other node.
func (w *walk) exchange(node int, acr string) {
	w.held = nil
	if w.facts.disabled {
		if _, refusal := w.authorize(node); refusal != "login_required" { // their session has ended
			w.wrong("a disabled person gets %q", refusal)
		}
		w.may("a code", node, acr, false, "web")
		return
	}
	w.signIn(acr)
	code, refusal := w.authorize(node)
	w.may("a code", node, acr, code != "", "web")
	if code == "" {
		want := "access_denied"
		if w.facts.may(w.rules[node].web, "aal2") {
			want = "interaction_required" // a step would help
		}
		if refusal != want {
			w.wrong("prompt=none is answered by %q, want %s", refusal, want)
		}
		return
	}
	other := (node + 1) % len(w.nodes)
	got := tokens{acr: acr}
	status := w.post(other, "/token", "web", &got, "grant_type", "authorization_code", "code", code, "redirect_uri", "https://web.example.com/cb")
	w.may("an exchange", other, acr, status == http.StatusOK, "web")
	if status == http.StatusOK {
		w.held = &got
		w.same(other)
	}
}

// same lays the tokens that came beside those that are explained.
func (w *walk) same(node int) {
	preview := w.asks(node, "web", w.held.acr, strings.Fields(w.held.Scope))
	if diff := cmp.Diff(w.payload(w.held.Access), comparable(preview.AccessToken)); diff != "" {
		w.wrong("access token (-issued +explained):\n%s", diff)
	}
	if diff := cmp.Diff(w.payload(w.held.ID), comparable(preview.IDToken)); diff != "" {
		w.wrong("ID token (-issued +explained):\n%s", diff)
	}
}

func (w *walk) refresh(node int) {
	was := w.held
	got := tokens{acr: was.acr}
	status := w.post(node, "/token", "web", &got, "grant_type", "refresh_token", "refresh_token", was.Refresh)
	w.may("a refresh", node, was.acr, status == http.StatusOK, "web")
	if status == http.StatusOK {
		got.Exchanged = was.Exchanged
		w.held = &got
		w.same(node)
		return
	}
	w.ended() // with that, and on every node
}

func (w *walk) showsUserinfo(node int, token string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost/userinfo", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	w.nodes[node].ServeHTTP(answer, request)
	return answer
}

func (w *walk) userinfo(node int) {
	answer := w.showsUserinfo(node, w.held.Access)
	w.may("userinfo", node, w.held.acr, answer.Code == http.StatusOK, "web")
	if answer.Code != http.StatusOK {
		return
	}
	var told map[string]any
	w.must(json.Unmarshal(answer.Body.Bytes(), &told))
	if diff := cmp.Diff(told, w.asks(node, "web", w.held.acr, strings.Fields(w.held.Scope)).UserInfo); diff != "" {
		w.wrong("userinfo (-told +explained):\n%s", diff)
	}
}

func (w *walk) active(node int, client, token string) bool {
	var answer struct{ Active bool }
	w.post(node, "/introspect", client, &answer, "token", token)
	return answer.Active
}

func (w *walk) introspect(node int) {
	for _, token := range []string{w.held.Access, w.held.Refresh} {
		w.may("introspection", node, w.held.acr, w.active(node, "web", token), "web")
	}
	if w.held.Exchanged != "" {
		w.may("introspection of what was exchanged", node, w.held.acr, w.active(node, "reports", w.held.Exchanged), "web", "reports")
	}
}

func (w *walk) exchangeToken(node int) {
	var got tokens
	status := w.post(node, "/token", "reports", &got, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", w.held.Access,
		"subject_token_type", "urn:ietf:params:oauth:token-type:access_token", "resource", "https://files.example.com")
	w.may("token exchange", node, w.held.acr, status == http.StatusOK, "web", "reports")
	if status == http.StatusOK {
		w.held.Exchanged = got.Access
		w.introspect(node)
	}
}

// TestAC1_PromptNoneSaysWhyNobodyGetsIn: a client that allows no page is told whether a
// step of the person's would help (interaction_required), or nothing that they do
// (access_denied), and neither before it is certain who they are (login_required).
func TestAC1_PromptNoneSaysWhyNobodyGetsIn(t *testing.T) {
	w := newWalk(t)
	for _, c := range []struct{ rules, acr, want string }{
		{"everyone", "", "login_required"},
		{"nobody", "", "login_required"},
		{"nobody", "aal2", "access_denied"},
		{"red", "aal1", "access_denied"},
		{"away", "aal1", "access_denied"}, // from another network they would get in
		{"a step", "aal1", "access_denied"},
		{"everyone", "aal1", "a code"},
	} {
		w.tells(c.rules, c.acr, c.want)
	}
	w.must(w.accounts().AddToGroup(t.Context(), operator(), w.user.ID, "red"))
	w.tells("a step", "aal1", "interaction_required")
	w.tells("a step", "aal2", "a code")
	w.tells("red", "aal1", "a code")
}

// tells has the rules on each node, signs the person in at a class, or out where it is
// empty, and fails unless the application is told what is wanted.
func (w *walk) tells(rules, acr, want string) {
	w.t.Helper()
	to := rulings[slices.IndexFunc(rulings, func(r ruling) bool { return r.name == rules })]
	for node := range w.nodes {
		w.reload(node, to)
		if w.cookie = ""; acr != "" {
			w.signIn(acr)
		}
		got, refusal := w.authorize(node)
		if got != "" {
			refusal = "a code"
		}
		if refusal != want {
			w.t.Errorf("%s at %q on node %d: %s, want %s", rules, acr, node, refusal, want)
		}
	}
}
