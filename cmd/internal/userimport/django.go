package userimport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// djangoRow is one object of a dump. Its key, and those that refer to one, are
// numbers, UUIDs or natural keys: lists of values.
type djangoRow struct {
	Model  string          `json:"model"`
	PK     json.RawMessage `json:"pk"`
	Fields json.RawMessage `json:"fields"`
}

type djangoUser struct {
	Password    string            `json:"password"`
	Username    string            `json:"username"`
	FirstName   string            `json:"first_name"`
	LastName    string            `json:"last_name"`
	Email       string            `json:"email"`
	IsActive    *bool             `json:"is_active"`
	IsStaff     bool              `json:"is_staff"`
	IsSuperuser bool              `json:"is_superuser"`
	DateJoined  string            `json:"date_joined"`
	Groups      []json.RawMessage `json:"groups"`
}

// djangoDump sorts the objects of a dump by what they refer to.
type djangoDump struct {
	*scan
	people, owned *buckets // in the order of the dump
	peopleN       int
	groups        map[string]string // names, by key
	ignored       map[string]int
	byName, byKey bool // how rows refer to people: by natural key, by primary key
}

// djangoPerson is a person of a dump who waits for the rest.
type djangoPerson struct {
	Person
	Natural string
	Groups  []json.RawMessage
}

// ownedRow is a row that belongs to a person.
type ownedRow struct {
	Where, Model, Owner string
	Fields              json.RawMessage
}

// The models that are read. A user model of one's own is any that ends in .user.
const (
	djangoGroup  = "auth.group"
	allauthEmail = "account.emailaddress"
	allauthMFA   = "mfa.authenticator"
	otpTOTP      = "otp_totp.totpdevice"
)

// readDjango reads what `manage.py dumpdata` writes: one list of objects, in which
// what belongs to a person may stand anywhere. It is sorted on disk, and then joined
// by people.
func (s *scan) readDjango(file io.Reader) (err error) {
	d := &djangoDump{
		scan: s, people: newBuckets(1), owned: newBuckets(1), groups: map[string]string{}, ignored: map[string]int{},
	}
	defer func() { err = errors.Join(err, d.people.close(), d.owned.close()) }()
	rows := json.NewDecoder(file)
	if start, err := rows.Token(); err != nil || start != json.Delim('[') {
		return errors.New("this is no dumpdata JSON: it does not begin with a list")
	}
	for i := 0; rows.More(); i++ {
		var row djangoRow
		if err := rows.Decode(&row); err != nil {
			return fmt.Errorf("this is no dumpdata JSON: %w", plainJSONError(err))
		}
		d.sort(i, row)
	}
	if _, err := rows.Token(); err != nil {
		return fmt.Errorf("this is no dumpdata JSON: %w", plainJSONError(err))
	}
	for _, model := range slices.Sorted(maps.Keys(d.ignored)) {
		s.report(model, unread(model), "%d rows are not read", d.ignored[model])
	}
	return d.join()
}

func (d *djangoDump) sort(i int, row djangoRow) {
	where := row.Model + " " + keyOf(row.PK)
	if row.PK == nil {
		where = fmt.Sprintf("%s, row %d", row.Model, i+1)
	}
	switch model := strings.ToLower(row.Model); {
	case model == djangoGroup:
		var group struct {
			Name string `json:"name"`
		}
		if d.decode(where, row.Fields, &group) {
			d.groups[keyOf(row.PK)] = group.Name
			d.groups[naturalKey(group.Name)] = group.Name
		}
	case strings.HasSuffix(model, ".user"):
		var u djangoUser
		if d.decode(where, row.Fields, &u) {
			d.addUser(where, row.PK, &u)
		}
	case model == allauthEmail, model == allauthMFA, model == otpTOTP:
		d.addOwned(where, model, row.Fields)
	default:
		d.ignored[row.Model]++
	}
}

// addOwned keeps a row until its owner is known.
func (d *djangoDump) addOwned(where, model string, fields json.RawMessage) {
	var owner struct {
		User json.RawMessage `json:"user"`
	}
	if !d.decode(where, fields, &owner) {
		return
	}
	key := keyOf(owner.User)
	if natural := strings.HasPrefix(key, "["); natural {
		d.byName = true
	} else {
		d.byKey = true
	}
	d.owned.add("", ownedRow{Where: where, Model: model, Owner: key, Fields: fields})
}

func (d *djangoDump) decode(where string, fields json.RawMessage, into any) bool {
	if err := json.Unmarshal(fields, into); err != nil {
		d.problem(where, "its fields cannot be read: %v", plainJSONError(err))
		return false
	}
	return true
}

// keyOf spells a key so that a reference to it spells the same.
func keyOf(key json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, key) != nil {
		return ""
	}
	return strings.Trim(b.String(), `"`)
}

func naturalKey(name string) string {
	key, err := json.Marshal([]string{name})
	if err != nil {
		return ""
	}
	return keyOf(key)
}

func (d *djangoDump) addUser(where string, pk json.RawMessage, u *djangoUser) {
	p := Person{Where: where, Key: keyOf(pk), User: storage.User{
		Email: u.Email, Username: u.Username, PasswordHash: u.Password,
		Profile: storage.Profile{
			GivenName: u.FirstName, FamilyName: u.LastName, Name: ident.Cut(strings.TrimSpace(u.FirstName+" "+u.LastName), ident.MaxName),
		},
	}}
	if strings.HasPrefix(u.Password, "!") { // Django's mark of an account without a password
		p.User.PasswordHash = ""
	}
	d.nameDjangoUser(&p)
	if at, ok := djangoTime(u.DateJoined); ok {
		p.User.CreatedAt = at
	} else if u.DateJoined != "" {
		d.problem(where, "date_joined %q is no time", u.DateJoined)
	}
	if u.IsActive != nil && !*u.IsActive {
		p.Disabled = true
	}
	if u.IsStaff {
		p.User.Roles = append(p.User.Roles, "staff")
	}
	if u.IsSuperuser {
		p.User.Roles = append(p.User.Roles, "superuser")
	}
	d.peopleN++
	d.people.add("", djangoPerson{Person: p, Natural: naturalKey(u.Username), Groups: u.Groups})
}

// nameDjangoUser makes an address of a username that is one: here a username
// never looks like an address.
func (d *djangoDump) nameDjangoUser(p *Person) {
	u := &p.User
	if _, err := ident.Email(u.Username); err != nil {
		return
	}
	if u.Email == "" {
		u.Email = u.Username
	}
	if ident.Canonical(u.Email) == ident.Canonical(u.Username) {
		u.Username = ""
	}
}

// addGroups gives a person their groups; what separates groups here becomes a dash.
func (d *djangoDump) addGroups(p *Person, groups []json.RawMessage) {
	for _, group := range groups {
		name, ok := d.groups[keyOf(group)]
		if !ok {
			d.problem(p.Where, "it is in group %s, which the dump lacks; dump auth.group too", keyOf(group))
			continue
		}
		p.User.Groups = append(p.User.Groups, strings.ReplaceAll(name, ",", "-"))
	}
	slices.Sort(p.User.Groups)
	p.User.Groups = slices.Compact(p.User.Groups)
}

func djangoTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02"} { // naive where USE_TZ is off
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
