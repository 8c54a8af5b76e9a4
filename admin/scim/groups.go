package scim

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// tagged reports whether a validator is among those of a header (RFC 9110 section 13.1.1).
// Sources send weak ones with and without W/.
func tagged(header, version string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == strings.TrimPrefix(version, "W/") {
			return true
		}
	}
	return false
}

func (s *Server) listGroups(ctx context.Context, q *request) (*response, error) {
	w, err := readWindow(q.query)
	if err != nil {
		return nil, err
	}
	var found []storage.Group
	var total int
	if text := q.query.Get("filter"); text != "" {
		if found, err = s.filterGroups(ctx, q, text); err != nil {
			return nil, err
		}
		total, found = len(found), cut(w, found)
	} else {
		if total, err = s.cfg.Groups.CountOfSource(ctx, q.name); err != nil {
			return nil, err
		}
		if w.count > 0 {
			if found, err = s.cfg.Groups.OfSource(ctx, storage.SourcePage{Source: q.name, Skip: w.from - 1, Limit: w.count}); err != nil {
				return nil, err
			}
		}
	}
	projected := q.projected(&groups)
	var shown []any
	left := maxMembers
	for i := range found {
		doc, err := s.groupDocument(ctx, q, &found[i], left > 0 && projected.wants("members"))
		if err != nil {
			return nil, err
		}
		members, _ := doc["members"].([]any)
		left -= len(members)
		shown = append(shown, projected.of(doc))
	}
	return &response{status: http.StatusOK, body: listed(shown, total, w.from)}, nil
}

// filterGroups are the groups that a filter names; see [Server.filterUsers].
func (s *Server) filterGroups(ctx context.Context, q *request, text string) ([]storage.Group, error) {
	parsed, err := groups.parseFilter(text)
	if err != nil {
		return nil, err
	}
	var candidates []storage.Group
	lookups, ok := groups.lookups(parsed, "", "displayName", "externalId", "id", "members.value")
	switch {
	case ok:
		if candidates, err = s.lookGroupsUp(ctx, q, lookups); err != nil {
			return nil, err
		}
	case strings.Contains(strings.ToLower(text), "members"):
		return nil, bad("invalidFilter", "members are looked for with members.value eq")
	default:
		if candidates, err = s.cfg.Groups.OfSource(ctx, storage.SourcePage{Source: q.name, Limit: maxScan + 1}); err != nil {
			return nil, err
		}
		if len(candidates) > maxScan {
			return nil, bad("tooMany", "no index answers this filter over more than %d groups: ask for displayName, externalId, id or members.value with eq", maxScan)
		}
	}
	asked, err := s.groupsOf(ctx, q, groups.membersIn(parsed))
	if err != nil {
		return nil, err
	}
	var found []storage.Group
	for i := range candidates {
		doc, err := s.groupDocument(ctx, q, &candidates[i], false)
		if err != nil {
			return nil, err
		}
		for id, in := range asked { // of the members, those that the filter speaks of
			if in[candidates[i].ID] {
				members, _ := doc["members"].([]any)
				doc["members"] = append(members, object{"value": id})
			}
		}
		if groups.matches(parsed, doc, nil) {
			found = append(found, candidates[i])
		}
	}
	return found, nil
}

// groupsOf are the groups of each of the people, by their ids.
func (s *Server) groupsOf(ctx context.Context, q *request, people []string) (map[string]map[storage.ID]bool, error) {
	of := map[string]map[storage.ID]bool{}
	for _, id := range people {
		if of[id] != nil || !isID.MatchString(id) {
			continue
		}
		in, err := s.cfg.Groups.BySourceOf(ctx, q.name, storage.ID(id))
		if err != nil {
			return nil, err
		}
		of[id] = map[storage.ID]bool{}
		for i := range in {
			of[id][in[i].ID] = true
		}
	}
	return of, nil
}

func (s *Server) lookGroupsUp(ctx context.Context, q *request, lookups []lookup) ([]storage.Group, error) {
	var all []storage.Group
	seen := map[storage.ID]bool{}
	for _, l := range lookups {
		var found []storage.Group
		var one *storage.Group
		var err error
		switch {
		case l.value == "" || strings.ContainsRune(l.value, 0):
			continue
		case l.name == "members.value":
			found, err = s.cfg.Groups.BySourceOf(ctx, q.name, storage.ID(l.value))
		case l.name == "displayName":
			one, err = q.own(s.cfg.Groups.ByName(ctx, l.value))
		case l.name == "externalId":
			one, err = s.cfg.Groups.ByExternalID(ctx, q.name, l.value)
		default:
			one, err = q.own(s.cfg.Groups.ByID(ctx, storage.ID(l.value)))
		}
		if errors.Is(err, storage.ErrNotFound) || errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if one != nil {
			found = append(found, *one)
		}
		for _, g := range found {
			if !seen[g.ID] {
				seen[g.ID] = true
				all = append(all, g)
			}
		}
	}
	return all, nil
}
