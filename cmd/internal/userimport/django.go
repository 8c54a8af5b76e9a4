package userimport

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
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
	*Read
	people  []Person
	byKey   map[string]int            // of the person, by primary and by natural key
	groups  map[string]string         // names, by key
	members map[int][]json.RawMessage // the groups of a person
	ignored map[string]int
	owned   []ownedRow
}

// ownedRow is a row that belongs to a person.
type ownedRow struct {
	where, model string
	fields       json.RawMessage
}

// The models that are read. A user model of one's own is any that ends in .user.
const (
	djangoGroup  = "auth.group"
	allauthEmail = "account.emailaddress"
	allauthMFA   = "mfa.authenticator"
	otpTOTP      = "otp_totp.totpdevice"
)

// readDjango reads what `manage.py dumpdata` writes.
func (r *Read) readDjango(file io.Reader) error {
	var rows []djangoRow
	if err := json.NewDecoder(file).Decode(&rows); err != nil {
		return fmt.Errorf("this is no dumpdata JSON: %w", plainJSONError(err))
	}
	d := &djangoDump{Read: r, byKey: map[string]int{}, groups: map[string]string{}, members: map[int][]json.RawMessage{}, ignored: map[string]int{}}
	for i, row := range rows {
		d.sort(i, row)
	}
	for i := range d.people {
		d.addGroups(&d.people[i], d.members[i])
	}
	for _, row := range d.owned {
		d.attach(row)
	}
	for _, model := range slices.Sorted(maps.Keys(d.ignored)) {
		r.note(model, "%d rows are not read", d.ignored[model])
	}
	r.People = d.people
	return nil
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
		d.owned = append(d.owned, ownedRow{where, model, row.Fields})
	default:
		d.ignored[row.Model]++
	}
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
	p := Person{Where: where, User: storage.User{
		Email: u.Email, Username: u.Username, PasswordHash: u.Password,
		Profile: storage.Profile{
			GivenName: u.FirstName, FamilyName: u.LastName, Name: strings.TrimSpace(u.FirstName + " " + u.LastName),
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
	d.members[len(d.people)] = u.Groups
	d.byKey[naturalKey(u.Username)] = len(d.people)
	if key := keyOf(pk); key != "" {
		d.byKey[key] = len(d.people)
	}
	d.people = append(d.people, p)
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

// addGroups makes roles of a person's groups.
func (d *djangoDump) addGroups(p *Person, groups []json.RawMessage) {
	for _, group := range groups {
		name, ok := d.groups[keyOf(group)]
		if !ok {
			d.problem(p.Where, "it is in group %s, which the dump lacks; dump auth.group too", keyOf(group))
			continue
		}
		p.User.Roles = append(p.User.Roles, strings.NewReplacer(" ", "-", ",", "-").Replace(name))
	}
	slices.Sort(p.User.Roles)
	p.User.Roles = slices.Compact(p.User.Roles)
}

// attach adds what belongs to a person.
func (d *djangoDump) attach(row ownedRow) {
	var owner struct {
		User json.RawMessage `json:"user"`
	}
	if !d.decode(row.where, row.fields, &owner) {
		return
	}
	i, ok := d.byKey[keyOf(owner.User)]
	if !ok {
		d.problem(row.where, "the dump lacks its user")
		return
	}
	p := &d.people[i]
	switch row.model {
	case allauthEmail:
		d.attachEmail(p, row)
	case allauthMFA:
		d.attachAllauth(p, row)
	case otpTOTP:
		d.attachTOTP(p, row)
	}
}

func (d *djangoDump) attachEmail(p *Person, row ownedRow) {
	var e struct {
		Email    string `json:"email"`
		Verified bool   `json:"verified"`
		Primary  bool   `json:"primary"`
	}
	if !d.decode(row.where, row.fields, &e) {
		return
	}
	if p.User.Email == "" && e.Primary {
		p.User.Email = e.Email
	}
	if ident.Canonical(e.Email) == ident.Canonical(p.User.Email) {
		p.User.EmailVerified = p.User.EmailVerified || e.Verified
		return
	}
	d.note(row.where, "a second address of %s is not kept", p.Where)
}

func (d *djangoDump) attachAllauth(p *Person, row ownedRow) {
	var a struct {
		Type string `json:"type"`
		Data struct {
			Secret string `json:"secret"`
		} `json:"data"`
	}
	if !d.decode(row.where, row.fields, &a) {
		return
	}
	if a.Type != "totp" {
		d.note(row.where, "its %s are not kept; %s makes new ones", strings.ReplaceAll(a.Type, "_", " "), p.Where)
		return
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(a.Data.Secret, "="))
	if err != nil {
		d.problem(row.where, "its secret is no base32; if an adapter encrypts it, dump it decrypted or leave mfa.authenticator out")
		return
	}
	d.addAuthenticator(p, row.where, "", secret)
}

func (d *djangoDump) attachTOTP(p *Person, row ownedRow) {
	device := struct {
		Name      string `json:"name"`
		Confirmed bool   `json:"confirmed"`
		Key       string `json:"key"`
		Step      int    `json:"step"`
		T0        int64  `json:"t0"`
		Digits    int    `json:"digits"`
	}{Confirmed: true, Step: 30, Digits: 6}
	if !d.decode(row.where, row.fields, &device) {
		return
	}
	switch secret, err := hex.DecodeString(device.Key); {
	case !device.Confirmed:
		d.note(row.where, "it was never confirmed and is not kept")
	case device.Step != 30 || device.T0 != 0 || device.Digits != 6:
		d.note(row.where, "only codes of 6 digits and 30 seconds are taken here, so it is not kept; %s enrols anew", p.Where)
	case err != nil:
		d.problem(row.where, "its key is no hexadecimal")
	default:
		d.addAuthenticator(p, row.where, device.Name, secret)
	}
}

func djangoTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02"} { // naive where USE_TZ is off
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
