package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// listBatch is how many people are read at once.
const listBatch = 500

// userListFlags are what `user list` is told.
type userListFlags struct {
	search, state, after string
	prefix, sort         string
	group, role          string
	// attribute is NAME or NAME=VALUE.
	attribute string
	limit     int
	json      bool
}

func userListCommand() *cobra.Command {
	var from storeFlags
	var f userListFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List accounts in the order in which they were made",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error { return f.list(cmd, store) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.search, "search", "", "only people in whose address, username or name this `text` is")
	flags.StringVar(&f.prefix, "prefix", "", "only people whose address or username begins with this `text`; by an index, however many people there are")
	flags.StringVar(&f.sort, "sort", sortCreated, "the `order`: created, or name (by address, or who has none by username)")
	flags.StringVar(&f.state, "state", "", "only people in this `state`: active, disabled, locked, deleted")
	flags.StringVar(&f.group, "group", "", "only people in this `group`")
	flags.StringVar(&f.role, "role", "", "only people who have this `role`, themselves or by a group")
	flags.StringVar(&f.attribute, "attribute", "", "only people with this `NAME=VALUE`, or with NAME at all; of a list, one item is enough")
	flags.IntVar(&f.limit, "limit", 0, "at most this `number`; 0 is all")
	flags.StringVar(&f.after, "after", "", "only people after this `one`, the last of an earlier page: an id, or with --sort name and --prefix an address or a username")
	flags.BoolVar(&f.json, "json", false, "one line of JSON for each")
	return cmd
}

func (f *userListFlags) check() error {
	switch f.state {
	case "", stateActive, stateDisabled, stateLocked, stateDeleted:
	default:
		return usagef("--state %q is none of %s, %s, %s, %s", f.state, stateActive, stateDisabled, stateLocked, stateDeleted)
	}
	if f.sort != sortCreated && f.sort != sortName {
		return usagef("--sort %q is none of %s, %s", f.sort, sortCreated, sortName)
	}
	if _, err := storage.ID(f.after).Bytes(); f.after != "" && !f.byName() && err != nil {
		return usagef("--after %q is no id", f.after)
	}
	if f.limit < 0 {
		return usagef("--limit must not be negative")
	}
	return nil
}

// The orders of a list.
const (
	sortCreated = "created"
	sortName    = "name"
)

// byName reports whether names order the list.
func (f *userListFlags) byName() bool { return f.sort == sortName || f.prefix != "" }

// The states of an account.
const (
	stateActive   = "active"
	stateDisabled = "disabled"
	stateLocked   = "locked"  // down, because the account is in wrong hands
	stateDeleted  = "deleted" // soon: its owner or an operator asked for it
)

func stateNameOf(u *storage.User) string {
	switch {
	case !u.LockedAt.IsZero():
		return stateLocked
	case u.Disabled():
		return stateDisabled
	case !u.DeleteAt.IsZero():
		return stateDeleted
	}
	return stateActive
}

// wants reports whether somebody is to be listed.
func (f *userListFlags) wants(u *storage.User) bool {
	if f.state != "" && stateNameOf(u) != f.state || !f.fits(access.SubjectOf(u)) {
		return false
	}
	if f.search == "" {
		return true
	}
	wanted := strings.ToLower(f.search)
	for _, text := range []string{u.Email, u.Username, u.Profile.Name} {
		if strings.Contains(strings.ToLower(text), wanted) {
			return true
		}
	}
	return false
}

// fits decides by group, role and attribute as a rule of a client would.
func (f *userListFlags) fits(s *access.Subject) bool {
	var rule access.Rule
	if f.group != "" {
		rule.Groups = []string{f.group}
	}
	if f.role != "" {
		rule.Roles = []string{f.role}
	}
	if name, value, valued := strings.Cut(f.attribute, "="); valued {
		rule.Attributes = map[string][]string{name: {value}}
	} else if _, has := s.Attributes[name]; name != "" && !has {
		return false
	}
	policy := access.Policy{Rules: []access.Rule{rule}}
	return policy.Decide(s, access.Request{}, mfa.AtLeast).Outcome == access.Allowed
}

// list writes people while they are read, a batch at a time: a million of them take
// no more memory than a hundred.
func (f *userListFlags) list(cmd *cobra.Command, store *sqlstore.Store) error {
	show, end := userTable(cmd.OutOrStdout())
	if f.json {
		show, end = userLines(cmd.OutOrStdout())
	}
	listed := 0
	page := storage.PeopleFilter{Prefix: f.prefix, ByName: f.byName(), After: f.after, Limit: listBatch}
	if f.byName() {
		page.After = ident.Canonical(f.after)
	} else {
		page.Role = f.role // which an index finds
	}
	for {
		users, err := store.Users().Search(cmd.Context(), page)
		if err != nil {
			return err
		}
		for i := range users {
			if !f.wants(&users[i].User) || f.limit > 0 && listed == f.limit {
				continue
			}
			if err := show(&users[i].User); err != nil {
				return fmt.Errorf("write person: %w", err)
			}
			listed++
		}
		if len(users) > 0 {
			page.After = users[len(users)-1].Key
		}
		last := len(users) < listBatch || f.limit > 0 && listed == f.limit
		if last || listed > 0 {
			if err := end(); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// userTable writes rows for people.
func userTable(out io.Writer) (show func(*storage.User) error, end func() error) {
	rows := newTable(out, "ID", "EMAIL", "VERIFIED", "USERNAME", "STATE", "ROLES", "GROUPS", "CREATED").mayCut("ROLES", "GROUPS")
	return func(u *storage.User) error {
		return rows.row(u.ID, dash(u.Email), yesNo(u.EmailVerified), dash(u.Username), stateOf(u), orNone(u.Roles), orNone(u.Groups), at(u.CreatedAt, "-"))
	}, rows.end
}

// shownUser is a person as JSON: a form that others read, so its names stay as they are.
type shownUser struct {
	ID            storage.ID `json:"id"`
	Email         string     `json:"email,omitempty"`
	EmailVerified bool       `json:"email_verified"`
	Username      string     `json:"username,omitempty"`
	Phone         string     `json:"phone,omitempty"`
	PhoneVerified bool       `json:"phone_verified,omitempty"`
	Name          string     `json:"name,omitempty"`
	State         string     `json:"state"`
	Roles         []string   `json:"roles"`
	Groups        []string   `json:"groups"`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
	DisabledAt    *time.Time `json:"disabled_at,omitempty"`
	LockedAt      *time.Time `json:"locked_at,omitempty"`
	DeleteAt      *time.Time `json:"delete_at,omitempty"`
}

func shownUserOf(u *storage.User) shownUser {
	return shownUser{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		Name: u.Profile.Name, State: stateNameOf(u), Roles: listed(u.Roles), Groups: listed(u.Groups), CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
		DisabledAt: timeOrNone(u.DisabledAt), LockedAt: timeOrNone(u.LockedAt), DeleteAt: timeOrNone(u.DeleteAt),
	}
}

// userLines writes a line of JSON for each.
func userLines(out io.Writer) (show func(*storage.User) error, end func() error) {
	buffered := bufio.NewWriter(out)
	lines := json.NewEncoder(buffered)
	return func(u *storage.User) error { return lines.Encode(shownUserOf(u)) }, buffered.Flush
}

// timeOrNone is a time for JSON, where there is one.
func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// listed is a list for JSON, which is never null.
func listed(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}
