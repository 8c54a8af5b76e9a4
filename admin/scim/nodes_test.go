package scim_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestTwoNodesLoseNothing: of two changes at once, on two nodes, that each say something
// of one resource, both are kept (lost update); of two that were made from one version,
// one is told that it came too late.
func TestTwoNodesLoseNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	person := "/Users/" + s.user(entra, "ada@example.com").id()
	members := []string{s.user(entra, "bob@example.com").id(), s.user(entra, "eve@example.com").id()}
	group := "/Groups/" + s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"staff"}`), http.StatusCreated).id()
	both := func(send func(node string, which int) *answer) (statuses [2]int) {
		var done sync.WaitGroup
		for i, node := range []string{s.URL.String(), s.node.URL} {
			done.Go(func() { statuses[i] = send(node, i).Status })
		}
		done.Wait()
		return statuses
	}
	for round := range 5 {
		names := [2]string{"title", "nickName"}
		if got := both(func(node string, i int) *answer {
			return s.callAt(node, entra, http.MethodPatch, person, patched(fmt.Sprintf(`{"op":"replace","path":%q,"value":"%d"}`, names[i], round)))
		}); got != [2]int{200, 200} {
			t.Fatalf("statuses %v", got)
		}
		a := s.call(entra, http.MethodGet, person, "")
		if a.JSON["title"] != fmt.Sprint(round) || a.JSON["nickName"] != fmt.Sprint(round) {
			t.Fatalf("round %d: %s", round, a.Text)
		}
		if got := both(func(node string, i int) *answer {
			return s.callAt(node, entra, http.MethodPatch, group, patched(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, members[i])))
		}); got != [2]int{200, 200} {
			t.Fatalf("statuses %v", got)
		}
		for _, id := range members {
			if len(s.account(id).Groups) != 1 {
				t.Fatalf("round %d: a member is lost", round)
			}
		}
		s.want(s.call(entra, http.MethodPatch, group, patched(`{"op":"remove","path":"members"}`)), http.StatusOK)
		for path, name := range map[string]string{person: "externalId", group: "externalId"} {
			version := s.call(entra, http.MethodGet, path, "").Header.Get("ETag")
			got := both(func(node string, i int) *answer {
				return s.callAt(node, entra, http.MethodPatch, path, patched(fmt.Sprintf(`{"op":"replace","path":%q,"value":"%d-%d"}`, name, round, i)), "If-Match", version)
			})
			if got != [2]int{200, 412} && got != [2]int{412, 200} {
				t.Fatalf("%s from one version: statuses %v", path, got)
			}
		}
	}
	if got := both(func(node string, _ int) *answer {
		return s.callAt(node, entra, http.MethodPost, "/Users", `{"userName":"new@example.com"}`)
	}); got != [2]int{201, 409} && got != [2]int{409, 201} {
		t.Errorf("made by two at once: statuses %v", got)
	}
}
