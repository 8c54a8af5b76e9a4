package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

// peopleList lists people, or those who are searched for. Like the API it takes one way
// to narrow it: of several that are given the first counts.
func peopleList() *list {
	return &list{
		filters: []filter{
			{name: "q", label: "console.begins"}, {name: "role", label: "console.role"}, {name: "group", label: "console.group"},
			{name: "state", label: "console.state", options: [][2]string{{"disabled", "console.disabled"}}},
		},
		columns: []string{"console.person", "console.state", "console.groups", "console.roles", "console.created"},
		read:    readPeople,
	}
}

func readPeople(r *http.Request, c *Console, v *visit, query url.Values, after string, limit int) ([]item, string, error) {
	show := func(u *storage.User) item {
		return item{record: api.ShowPerson(c.cfg.Accounts, v.may, u), cells: func(s *screen) []cell {
			return []cell{nameCell(u), s.states(c, u), tags(u.Groups), tags(u.Roles), s.at(u.CreatedAt)}
		}}
	}
	if group := query.Get("group"); group != "" && query.Get("q") == "" && query.Get("role") == "" {
		people, err := c.peopleOf(r.Context(), group, after, limit)
		rows, next := itemsOf(people, limit, func(u *storage.User) string { return string(u.ID) }, show)
		return rows, next, err
	}
	f := storage.PeopleFilter{Prefix: query.Get("q"), After: after, Limit: limit + 1}
	if f.Prefix == "" {
		f.Role = query.Get("role")
	}
	f.Disabled = f.Prefix == "" && f.Role == "" && query.Get("state") == "disabled"
	found, err := c.cfg.Users.Search(r.Context(), f)
	rows, next := itemsOf(found, limit, func(f *storage.FoundUser) string { return f.Key }, func(f *storage.FoundUser) item { return show(&f.User) })
	return rows, next, err
}

// peopleOf reads the members of a group one by one: a page of them is few. A group that
// is not there has none.
func (c *Console) peopleOf(ctx context.Context, group, after string, limit int) ([]storage.User, error) {
	g, err := c.cfg.Groups.ByName(ctx, group)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	members, err := c.cfg.Memberships.Members(ctx, g.ID, storage.ID(after), limit+1)
	if err != nil {
		return nil, err
	}
	var people []storage.User
	for _, m := range members {
		u, err := c.cfg.Users.ByID(ctx, m.UserID)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		people = append(people, *u)
	}
	return people, nil
}

// called is what to call somebody by.
func called(u *storage.User) string {
	return cmp.Or(u.Profile.Name, u.Username, u.Email, string(u.ID))
}

// nameCell leads to the page of a person.
func nameCell(u *storage.User) cell {
	name, soft := called(u), []string{}
	for _, other := range []string{u.Email, u.Username} {
		if other != "" && other != name {
			soft = append(soft, other)
		}
	}
	c := cell{Text: name, URL: pathOf(u.ID)}
	if len(soft) > 0 {
		c.Soft = soft[0]
	}
	return c
}

// states says what is the matter with an account, and who administers.
func (s *screen) states(c *Console, u *storage.User) cell {
	var all []cell
	switch {
	case u.Locked():
		all = append(all, tag("warn", s.T("console.locked")))
	case u.Disabled():
		all = append(all, tag("warn", s.T("console.disabled")))
	default:
		all = append(all, tag("good", s.T("console.active")))
	}
	if !u.DeleteAt.IsZero() {
		all = append(all, tag("warn", s.T("console.deleting")))
	}
	if c.cfg.Accounts.Administers(u) {
		all = append(all, tag("plain", s.T("console.administrator")))
	}
	return cell{All: slices.Clip(all)}
}
