package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	filter "github.com/scim2/filter-parser/v2"
)

// maxMembers is how many members of a group are shown. Those of one that has more are left
// out, as all of them or none: a part of them would be taken for the whole.
const maxMembers = 5000

func groupVersion(g *storage.Group) string {
	return fmt.Sprintf(`W/"%s"`, strconv.FormatInt(g.UpdatedAt.UnixMicro(), 36))
}

// group reads the group that the request is about.
func (s *Server) group(ctx context.Context, q *request) (*storage.Group, error) {
	if !isID.MatchString(q.id) {
		return nil, errNotFound
	}
	return q.own(s.cfg.Groups.ByID(ctx, storage.ID(q.id)))
}

// own is a group that the source made; of others it knows nothing.
func (q *request) own(g *storage.Group, err error) (*storage.Group, error) {
	if err == nil && g.Source != q.name {
		return nil, errNotFound
	}
	return g, err
}

func (s *Server) groupDocument(ctx context.Context, q *request, g *storage.Group, members bool) (object, error) {
	doc := object{
		"schemas": []string{groupURN}, "id": string(g.ID), "displayName": g.Name,
		"meta": s.meta("Group", "/Groups/"+string(g.ID), g.CreatedAt, g.UpdatedAt, groupVersion(g)),
	}
	if g.ExternalID != "" {
		doc["externalId"] = g.ExternalID
	}
	if !members {
		return doc, nil
	}
	found, err := s.cfg.Memberships.BySource(ctx, g.ID, q.name, maxMembers+1)
	if err != nil || len(found) == 0 || len(found) > maxMembers {
		return doc, err
	}
	var shown []any
	for _, m := range found {
		shown = append(shown, object{"value": string(m.UserID), "$ref": s.base() + "/Users/" + string(m.UserID), "type": "User"})
	}
	doc["members"] = shown
	return doc, nil
}

func (s *Server) answerGroup(ctx context.Context, q *request, status int, g *storage.Group) (*response, error) {
	projected := q.projected(&groups)
	etag := groupVersion(g)
	if q.method == http.MethodGet && q.ifNoneMatch == etag {
		return &response{status: http.StatusNotModified, etag: etag}, nil
	}
	doc, err := s.groupDocument(ctx, q, g, projected.wants("members"))
	if err != nil {
		return nil, err
	}
	return &response{status: status, body: projected.of(doc), etag: etag, location: s.base() + "/Groups/" + string(g.ID)}, nil
}

func (s *Server) showGroup(ctx context.Context, q *request) (*response, error) {
	g, err := s.group(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.answerGroup(ctx, q, http.StatusOK, g)
}

func (s *Server) createGroup(ctx context.Context, q *request) (*response, error) {
	in, err := decode(q.body)
	if err != nil {
		return nil, err
	}
	doc, err := groups.normal(in)
	if err != nil {
		return nil, err
	}
	w, err := groupWord(doc)
	if err != nil {
		return nil, err
	}
	g, err := s.cfg.Accounts.ProvisionGroup(ctx, q.by, w)
	if err != nil {
		return nil, err
	}
	q.id = string(g.ID)
	if g, err = s.group(ctx, q); err != nil {
		return nil, err
	}
	return s.answerGroup(ctx, q, http.StatusCreated, g)
}

// groupWord is what a source says of a group by a whole resource. Members that it does
// not name stay as they are.
func groupWord(doc object) (account.GroupWord, error) {
	name, external := textOf(doc, "displayName"), textOf(doc, "externalId")
	w := account.GroupWord{Name: &name, ExternalID: &external}
	if name == "" {
		return w, bad("invalidValue", "displayName is required")
	}
	if members, ok := doc["members"]; ok {
		w.Replace = true
		return w, eachMember(members, func(id storage.ID) { w.Add = append(w.Add, id) })
	}
	return w, nil
}

// eachMember reads a list of members.
func eachMember(list any, do func(storage.ID)) error {
	all, _ := list.([]any)
	for _, one := range all {
		inner, _ := one.(object)
		id := textOf(inner, "value")
		if kind := textOf(inner, "type"); !isID.MatchString(id) || kind != "" && kind != "User" {
			return bad("invalidValue", "members are people, by their ids")
		}
		do(storage.ID(id))
	}
	return nil
}

// changeGroup writes what make makes of a group, and begins anew where it was changed
// meanwhile, unless the request is about what was read before.
func (s *Server) changeGroup(ctx context.Context, q *request, w *account.GroupWord) (*response, error) {
	if q.ifMatch != "" && q.ifMatch != "*" {
		w.If = func(g *storage.Group) error {
			if !tagged(q.ifMatch, groupVersion(g)) {
				return errChanged
			}
			return nil
		}
	}
	for attempt := 1; ; attempt++ {
		was, err := s.group(ctx, q)
		if err != nil {
			return nil, err
		}
		err = s.cfg.Accounts.EditGroup(ctx, q.by, storage.ID(q.id), *w)
		switch {
		case errors.Is(err, account.ErrChanged) && w.If != nil:
			return nil, errChanged
		case errors.Is(err, account.ErrChanged) && attempt < attempts:
			continue
		case err != nil:
			return nil, err
		}
		g, err := s.group(ctx, q)
		if err == nil {
			err = s.recordUnless(ctx, q, !g.UpdatedAt.Equal(was.UpdatedAt))
		}
		if err != nil {
			return nil, err
		}
		return s.answerGroup(ctx, q, http.StatusOK, g)
	}
}

func (s *Server) replaceGroup(ctx context.Context, q *request) (*response, error) {
	in, err := decode(q.body)
	if err != nil {
		return nil, err
	}
	doc, err := groups.normal(in)
	if err != nil {
		return nil, err
	}
	w, err := groupWord(doc)
	if err != nil {
		return nil, err
	}
	if list, named := in["members"].([]any); named && len(list) == 0 {
		w.Replace = true // an empty list says that there is nobody
	}
	return s.changeGroup(ctx, q, &w)
}

func (s *Server) patchGroup(ctx context.Context, q *request) (*response, error) {
	operations, err := readPatch(q.body)
	if err != nil {
		return nil, err
	}
	w := &account.GroupWord{}
	if err := groups.each(operations, func(op string, path filter.Path, value any) error { return patchWord(w, op, path, value) }); err != nil {
		return nil, err
	}
	return s.changeGroup(ctx, q, w)
}

// patchWord takes one operation into what a source says of a group.
func patchWord(w *account.GroupWord, op string, path filter.Path, value any) error {
	if name := path.AttributePath.AttributeName; find(groups.attrs, name) == find(groups.attrs, "members") && path.AttributePath.URI() == "" {
		return patchMembers(w, op, path, value)
	}
	if path.ValueExpression != nil {
		return bad("invalidPath", "only members are a list")
	}
	doc := object{}
	if err := groups.patch(doc, op, path, value); err != nil {
		return err
	}
	a, _ := groups.resolve(path.AttributePath, nil)
	text := textOf(doc, a.name)
	switch a.name {
	case "displayName":
		if text == "" {
			return bad("invalidValue", "displayName is required")
		}
		w.Name = &text
	case "externalId":
		w.ExternalID = &text
	}
	return nil
}

// patchMembers takes an operation on members: the later one counts.
func patchMembers(w *account.GroupWord, op string, path filter.Path, value any) error {
	drop := func(list []storage.ID, id storage.ID) []storage.ID {
		return slices.DeleteFunc(list, func(one storage.ID) bool { return one == id })
	}
	add := func(id storage.ID) { w.Add, w.Remove = append(drop(w.Add, id), id), drop(w.Remove, id) }
	remove := func(id storage.ID) { w.Add, w.Remove = drop(w.Add, id), append(drop(w.Remove, id), id) }
	if w.Replace {
		remove = func(id storage.ID) { w.Add = drop(w.Add, id) }
	}
	if path.ValueExpression != nil {
		lookups, ok := groups.lookups(path.ValueExpression, "", "value")
		if !ok || op != "remove" {
			return bad("invalidFilter", "members are removed with members[value eq \"…\"]")
		}
		for _, l := range lookups {
			remove(storage.ID(l.value))
		}
		return nil
	}
	if path.SubAttributeName() != "" || path.AttributePath.SubAttribute != nil {
		return bad("mutability", "a member is added or removed as a whole")
	}
	var list any
	if value != nil {
		var err error
		if list, err = coerce(find(groups.attrs, "members"), value); err != nil {
			return err
		}
	}
	switch {
	case op == "remove" && value != nil:
		return eachMember(list, remove)
	case op == "add":
		return eachMember(list, add)
	}
	w.Replace, w.Add, w.Remove = true, nil, nil
	return eachMember(list, add)
}

func (s *Server) deleteGroup(ctx context.Context, q *request) (*response, error) {
	g, err := s.group(ctx, q)
	if err != nil {
		return nil, err
	}
	how := account.GroupDeletion{}
	if q.ifMatch != "" && q.ifMatch != "*" {
		how.If = func(g *storage.Group) error {
			if !tagged(q.ifMatch, groupVersion(g)) {
				return errChanged
			}
			return nil
		}
	}
	if err := s.cfg.Accounts.DeleteGroup(ctx, q.by, g.Name, how); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
