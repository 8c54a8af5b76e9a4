package scim

import (
	"context"
	"errors"
	"net/http"
	"regexp"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	filter "github.com/scim2/filter-parser/v2"
)

// isID is how ids are spelled: whatever else is asked for is not there.
var isID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (q *request) projected(k *kind) projection {
	return k.projection(q.query.Get("attributes"), q.query.Get("excludedAttributes"))
}

// person reads the person that the request is about.
func (s *Server) person(ctx context.Context, q *request) (*storage.ProvisionedUser, error) {
	if !isID.MatchString(q.id) {
		return nil, errNotFound
	}
	return s.cfg.Accounts.Provisioned(ctx, q.by, storage.ID(q.id))
}

// answerUser shows a person as the request wants them.
func (s *Server) answerUser(ctx context.Context, q *request, status int, p *storage.ProvisionedUser) (*response, error) {
	shown, err := s.showOne(ctx, q, p)
	if err != nil {
		return nil, err
	}
	etag := versionOf(p.Version, p.User.Disabled())
	if q.method == http.MethodGet && q.ifNoneMatch == etag {
		return &response{status: http.StatusNotModified, etag: etag}, nil
	}
	return &response{status: status, body: shown, etag: etag, location: s.base() + "/Users/" + string(p.UserID)}, nil
}

func (s *Server) showOne(ctx context.Context, q *request, p *storage.ProvisionedUser) (object, error) {
	projected := q.projected(s.users)
	var in []storage.Group
	if projected.wants("groups") {
		var err error
		if in, err = s.cfg.Groups.BySourceOf(ctx, q.name, p.UserID); err != nil {
			return nil, err
		}
	}
	doc, err := s.userDocument(p, in)
	if err != nil {
		return nil, err
	}
	return projected.of(doc), nil
}

func (s *Server) showUser(ctx context.Context, q *request) (*response, error) {
	p, err := s.person(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.answerUser(ctx, q, http.StatusOK, p)
}

func (s *Server) createUser(ctx context.Context, q *request) (*response, error) {
	in, err := decode(q.body)
	if err != nil {
		return nil, err
	}
	doc, err := s.users.normal(in)
	if err != nil {
		return nil, err
	}
	if doc["active"] == nil {
		doc["active"] = true
	}
	w, err := s.word(q, doc)
	if err != nil {
		return nil, err
	}
	w.Attributes = s.users.attributesOf(doc, nil)
	p, err := s.cfg.Accounts.Provision(ctx, q.by, w)
	if err != nil {
		return nil, err
	}
	return s.answerUser(ctx, q, http.StatusCreated, p)
}

// attempts is how often a change is made anew that was made from what is no more.
const attempts = 4

// change reads a person, and writes what make makes of them. Where somebody else changed
// them meanwhile it begins anew, unless the request is about what was read before.
func (s *Server) change(ctx context.Context, q *request, make func(*storage.ProvisionedUser) (object, error)) (*response, error) {
	for attempt := 1; ; attempt++ {
		p, err := s.person(ctx, q)
		if err != nil {
			return nil, err
		}
		was, condition := versionOf(p.Version, p.User.Disabled()), q.condition(p)
		if condition != nil {
			if err := condition(&p.User); err != nil {
				return nil, err
			}
		}
		doc, err := make(p)
		if err != nil {
			return nil, err
		}
		w, err := s.word(q, doc)
		if err != nil {
			return nil, err
		}
		before, err := s.userDocument(p, nil)
		if err != nil {
			return nil, err
		}
		if w.Before, err = profileOf(before); err != nil {
			return nil, err
		}
		w.Attributes = s.users.attributesOf(doc, before)
		err = s.cfg.Accounts.Reprovision(ctx, q.by, p, w, condition)
		switch {
		case errors.Is(err, account.ErrChanged) && condition != nil:
			return nil, errChanged
		case errors.Is(err, account.ErrChanged) && attempt < attempts:
			continue
		case err != nil:
			return nil, err
		}
		if p, err = s.person(ctx, q); err != nil {
			return nil, err
		}
		if err := s.recordUnless(ctx, q, versionOf(p.Version, p.User.Disabled()) != was); err != nil {
			return nil, err
		}
		return s.answerUser(ctx, q, http.StatusOK, p)
	}
}

// condition is what If-Match asks of a person; nil: nothing. It is judged with the write,
// as is the version that it names.
func (q *request) condition(p *storage.ProvisionedUser) func(*storage.User) error {
	if q.ifMatch == "" || q.ifMatch == "*" {
		return nil
	}
	return func(u *storage.User) error {
		if !tagged(q.ifMatch, versionOf(p.Version, u.Disabled())) {
			return errChanged
		}
		return nil
	}
}

func (s *Server) replaceUser(ctx context.Context, q *request) (*response, error) {
	in, err := decode(q.body)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, q, func(p *storage.ProvisionedUser) (object, error) {
		doc, err := s.users.normal(in)
		if err != nil || doc["active"] != nil {
			return doc, err
		}
		before, err := s.userDocument(p, nil)
		if active, said := before["active"]; said {
			doc["active"] = active
		}
		return doc, err
	})
}

func (s *Server) patchUser(ctx context.Context, q *request) (*response, error) {
	operations, err := readPatch(q.body)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, q, func(p *storage.ProvisionedUser) (object, error) {
		doc, err := s.userDocument(p, nil)
		if err != nil {
			return nil, err
		}
		err = s.users.each(operations, func(op string, path filter.Path, value any) error { return s.users.patch(doc, op, path, value) })
		return doc, err
	})
}

func (s *Server) deleteUser(ctx context.Context, q *request) (*response, error) {
	for attempt := 1; ; attempt++ {
		p, err := s.person(ctx, q)
		if err != nil {
			return nil, err
		}
		condition := q.condition(p)
		if condition != nil {
			if err := condition(&p.User); err != nil {
				return nil, err
			}
		}
		err = s.cfg.Accounts.Deprovision(ctx, q.by, p, condition)
		switch {
		case errors.Is(err, account.ErrChanged) && condition != nil:
			return nil, errChanged
		case errors.Is(err, account.ErrChanged) && attempt < attempts:
			continue
		case err != nil:
			return nil, err
		}
		return &response{status: http.StatusNoContent}, nil
	}
}

func (s *Server) listUsers(ctx context.Context, q *request) (*response, error) {
	w, err := readWindow(q.query)
	if err != nil {
		return nil, err
	}
	var found []storage.ProvisionedUser
	var total int
	if text := q.query.Get("filter"); text != "" {
		if found, err = s.filterUsers(ctx, q, text); err != nil {
			return nil, err
		}
		total, found = len(found), cut(w, found)
	} else {
		if total, err = s.cfg.People.Count(ctx, q.name); err != nil {
			return nil, err
		}
		if w.count > 0 {
			if found, err = s.cfg.People.Page(ctx, storage.SourcePage{Source: q.name, Skip: w.from - 1, Limit: w.count}); err != nil {
				return nil, err
			}
		}
	}
	var shown []any
	for i := range found {
		doc, err := s.showOne(ctx, q, &found[i])
		if err != nil {
			return nil, err
		}
		shown = append(shown, doc)
	}
	return &response{status: http.StatusOK, body: listed(shown, total, w.from)}, nil
}

// filterUsers are the people that a filter names: an index answers it, or it is judged
// over a bounded number of them.
func (s *Server) filterUsers(ctx context.Context, q *request, text string) ([]storage.ProvisionedUser, error) {
	parsed, err := s.users.parseFilter(text)
	if err != nil {
		return nil, err
	}
	var candidates []storage.ProvisionedUser
	if lookups, ok := s.users.lookups(parsed, "", "userName", "externalId", "id", "emails.value"); ok {
		seen := map[storage.ID]bool{}
		for _, l := range lookups {
			found, err := s.cfg.People.Find(ctx, q.name, l.key())
			if err != nil {
				return nil, err
			}
			for _, p := range found {
				if !seen[p.UserID] {
					seen[p.UserID] = true
					candidates = append(candidates, p)
				}
			}
		}
	} else {
		if candidates, err = s.cfg.People.Page(ctx, storage.SourcePage{Source: q.name, Limit: maxScan + 1}); err != nil {
			return nil, err
		}
		if len(candidates) > maxScan {
			return nil, bad("tooMany", "no index answers this filter over more than %d people: ask for userName, externalId, id or emails.value with eq", maxScan)
		}
	}
	var found []storage.ProvisionedUser
	for i := range candidates {
		doc, err := s.userDocument(&candidates[i], nil)
		if err != nil {
			return nil, err
		}
		if s.users.matches(parsed, doc, nil) {
			found = append(found, candidates[i])
		}
	}
	return found, nil
}
