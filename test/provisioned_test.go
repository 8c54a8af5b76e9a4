package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// provisioning has a source of people, and a client that administers.
const provisioning = `
admin: {api: true, requests_per_minute: 60000}
scim:
  requests_per_minute: 60000
  sources: [{name: hr, token: 9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e}]
clients:
  - id: tools
    type: service
    secret: 8tRkMq7QIDMVl8xVH9/9H2I9t3NPHI6pIchnvScO9ys=
    grant_types: [client_credentials]
    scopes: ["admin:people.read", "admin:people.write"]
`

// written is what a node answered to who writes.
type written struct {
	Status int
	ETag   string
	Text   string
	JSON   map[string]any
}

// writer calls the nodes of an installation with one token.
type writer struct {
	t            *testing.T
	in           *installation
	token, under string
}

// send sends a request by way of a node; one that came too early for a change of another's
// is sent again, as its answer says.
func (w *writer) send(node int, method, path, body string, headers ...string) written {
	w.t.Helper()
	for range many {
		r, err := http.NewRequestWithContext(w.t.Context(), method, w.in.nodes[0].Issuer+w.under+path, strings.NewReader(body))
		if err != nil {
			w.t.Error(err)
			return written{}
		}
		r.Header.Set("Authorization", "Bearer "+w.token)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		response, err := w.in.http(node).Do(r)
		if err != nil {
			w.t.Error(err)
			return written{}
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			w.t.Error(err)
		}
		a := written{Status: response.StatusCode, ETag: response.Header.Get("ETag"), Text: string(text)}
		_ = json.Unmarshal(text, &a.JSON) // nil where it is none
		if a.Status != http.StatusConflict || !strings.Contains(a.Text, "try again") {
			return a
		}
	}
	w.t.Errorf("%s %s is never done", method, path)
	return written{}
}

// all sends requests at once, by way of one node after another, and counts the statuses.
func (w *writer) all(times int, do func(i int) written) map[int]int {
	statuses := map[int]int{}
	for _, a := range atOnce(times, func(i int) answer { return answer{Status: do(i).Status} }) {
		statuses[a.Status]++
	}
	return statuses
}

// want fails the test unless so many requests of a number got one status, and all others
// another one.
func (w *writer) want(what string, got map[int]int, status, times, of, other int) {
	w.t.Helper()
	if got[status] != times || got[status]+got[other] != of {
		w.t.Errorf("%s: statuses %v", what, got)
	}
}

func patch(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

// TestAD2_TwoNodesLoseNothingAndDoubleNothing: whatever a source and an administrator ask
// for at once, of two processes over PostgreSQL and Redis: of changes that each say
// something all are kept (lost update), of those that were made from one version one is,
// and of creations with one name, or one idempotency key, there is one.
func TestAD2_TwoNodesLoseNothingAndDoubleNothing(t *testing.T) {
	t.Parallel()
	in := startSharedOf(t, provisioning, 2)
	t.Run("a source", func(t *testing.T) {
		t.Parallel()
		(&writer{t, in, "9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", "/scim/v2"}).provisions()
	})
	t.Run("an administrator", func(t *testing.T) {
		t.Parallel()
		tokens := postTo(in.http(0), in.nodes[0].Issuer+"/token", "application/x-www-form-urlencoded", "", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"tools"}, "client_secret": {secrets["wiki"]}, "scope": {"admin:people.read admin:people.write"},
		}.Encode())
		(&writer{t, in, tokens.AccessToken, "/admin/api/v1"}).administers()
	})
}

// writers is how many write at once.
const writers = 6

func (w *writer) provisions() {
	t, made := w.t, make([]string, writers)
	for i := range made {
		made[i] = w.send(i, http.MethodPost, "/Users", fmt.Sprintf(`{"userName":"p%d@example.com"}`, i)).JSON["id"].(string)
	}
	person := "/Users/" + made[0]
	group := "/Groups/" + w.send(1, http.MethodPost, "/Groups", `{"displayName":"staff"}`).JSON["id"].(string)

	w.want("a name that is one's", w.all(writers, func(i int) written {
		return w.send(i, http.MethodPost, "/Users", `{"userName":"new@example.com"}`)
	}), http.StatusCreated, 1, writers, http.StatusConflict)
	w.want("a group's name", w.all(writers, func(i int) written {
		return w.send(i, http.MethodPost, "/Groups", `{"displayName":"new"}`)
	}), http.StatusCreated, 1, writers, http.StatusConflict)

	w.want("parts of a person", w.all(writers, func(i int) written {
		return w.send(i, http.MethodPatch, person, patch(fmt.Sprintf(`{"op":"add","path":"phoneNumbers","value":[{"value":"+4755500%d"}]}`, i)))
	}), http.StatusOK, writers, writers, 0)
	w.want("members", w.all(writers, func(i int) written {
		return w.send(i, http.MethodPatch, group, patch(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, made[i])))
	}), http.StatusOK, writers, writers, 0)
	for node := range w.in.nodes {
		shown, _ := w.send(node, http.MethodGet, person, "").JSON["phoneNumbers"].([]any)
		members, _ := w.send(node, http.MethodGet, group, "").JSON["members"].([]any)
		if len(shown) != writers || len(members) != writers {
			t.Errorf("node %d shows %v, and members %v", node, shown, members)
		}
	}
	joined, err := w.in.store(t).Events().List(t.Context(), storage.EventFilter{Type: storage.EventGroupJoined, Limit: 100})
	if err != nil || len(joined) != writers {
		t.Errorf("%d events of %d members: %v", len(joined), writers, err)
	}

	for path, body := range map[string][2]string{
		person: {patch(`{"op":"replace","path":"title","value":"%d"}`), `{"userName":"p0@example.com","title":"%d"}`},
		group:  {patch(`{"op":"replace","path":"externalId","value":"%d"}`), `{"displayName":"staff","externalId":"%d"}`},
	} {
		version := w.send(0, http.MethodGet, path, "").ETag
		w.want(path+" from one version", w.all(writers, func(i int) written {
			if i%3 == 0 {
				return w.send(i, http.MethodPut, path, fmt.Sprintf(body[1], i), "If-Match", version)
			}
			return w.send(i, http.MethodPatch, path, fmt.Sprintf(body[0], i), "If-Match", version)
		}), http.StatusOK, 1, writers, http.StatusPreconditionFailed)
	}
	w.want("an end", w.all(writers, func(i int) written { return w.send(i, http.MethodDelete, person, "") }), http.StatusNoContent, 1, writers, http.StatusNotFound)
}

func (w *writer) administers() {
	t, body := w.t, `{"email":"ada@example.com"}`
	bodies := make([]string, writers)
	statuses := w.all(writers, func(i int) written {
		a := w.send(i, http.MethodPost, "/people", body, "Idempotency-Key", "one")
		bodies[i] = a.Text
		return a
	})
	if statuses[http.StatusCreated] < 1 || statuses[http.StatusCreated]+statuses[http.StatusConflict] != writers {
		t.Errorf("one key: statuses %v: %v", statuses, bodies)
	}
	var first written
	for node := range w.in.nodes {
		again := w.send(node, http.MethodPost, "/people", body, "Idempotency-Key", "one")
		if again.Status != http.StatusCreated || node > 0 && again.Text != first.Text {
			t.Errorf("node %d answers again %+v after %+v", node, again, first)
		}
		first = again
		if other := w.send(node, http.MethodPost, "/people", `{"email":"eve@example.com"}`, "Idempotency-Key", "one"); other.Status != http.StatusUnprocessableEntity {
			t.Errorf("the key of another request: %+v", other)
		}
	}
	if found, _ := w.send(1, http.MethodGet, "/people?q=ada@example.com", "").JSON["items"].([]any); len(found) != 1 {
		t.Errorf("made %v", found)
	}
	person := "/people/" + first.JSON["id"].(string)
	version := w.send(0, http.MethodGet, person, "").ETag
	w.want("a person from one version", w.all(writers, func(i int) written {
		return w.send(i, http.MethodPatch, person, fmt.Sprintf(`{"profile":{"nickname":"n%d"}}`, i), "If-Match", version)
	}), http.StatusOK, 1, writers, http.StatusPreconditionFailed)
}
