package userimport

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/storage"
)

// The dumps were made by Django 5.2, django-allauth 65 and django-otp 1.7.
func dump(t *testing.T, name string) *Read {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := From(FormatDjango, file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findings(all []Finding) []string {
	var texts []string
	for _, f := range all {
		texts = append(texts, f.String())
	}
	return texts
}

func TestPW1_ADjangoDumpIsRead(t *testing.T) {
	r := dump(t, "django.json")
	if len(r.Problems) > 0 {
		t.Fatalf("problems: %v", r.Problems)
	}
	joined := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	type summary struct {
		Email, Username, Name, Algorithm string
		Verified, Disabled               bool
		Roles, Groups                    []string
		Secrets                          []Authenticator
	}
	secret := []byte("12345678901234567890")
	want := []summary{
		{"ada@example.com", "ada", "Ada Lovelace", "Django pbkdf2_sha256", true, false, []string{"staff", "superuser"}, []string{"editors"}, []Authenticator{{"Phone", secret}}},
		{"Grace@Example.com", "grace", "Grace Hopper", "Django argon2", false, false, nil, nil, []Authenticator{{"Authenticator", secret}}},
		{"joan@example.com", "", "", "Django bcrypt_sha256", false, true, nil, nil, nil},
		{"", "edsger", "", "Django scrypt", false, false, nil, nil, nil},
		{"alan@example.com", "alan", "", "", false, false, nil, nil, nil},
		{"barbara@example.com", "barbara", "", "", false, false, nil, nil, nil},
	}
	var got []summary
	for _, p := range r.People {
		u := p.User
		algorithm := ""
		if u.PasswordHash != "" {
			algorithm = Algorithm(u.PasswordHash)
		}
		got = append(got, summary{u.Email, u.Username, u.Profile.Name, algorithm, u.EmailVerified, p.Disabled, u.Roles, u.Groups, p.Authenticators})
		if !u.CreatedAt.Equal(joined) {
			t.Errorf("%s was made at %s", p.Where, u.CreatedAt)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantNotes := []string{
		"account.emailaddress 2: a second address of auth.user 1 is not kept",
		"otp_totp.totpdevice 2: it was never confirmed and is not kept",
		"mfa.authenticator 2: its recovery codes are not kept; auth.user 2 makes new ones",
		"auth.user 5: it has no password: one is set by a message to the address",
		"auth.user 6: its password (Django md5) cannot be verified here: a new one is set by a message to the address",
	}
	slices.Sort(wantNotes)
	notes := findings(r.Notes)
	slices.Sort(notes)
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Error(diff)
	}
}

func TestADumpWithNaturalKeysSaysTheSame(t *testing.T) {
	plain, natural := dump(t, "django.json"), dump(t, "django-natural.json")
	if len(natural.Problems) > 0 {
		t.Fatalf("problems: %v", natural.Problems)
	}
	if len(plain.People) != len(natural.People) {
		t.Fatalf("%d and %d people", len(plain.People), len(natural.People))
	}
	for i, p := range plain.People {
		n := natural.People[i]
		// The two dumps were made of one database, but only the first of allauth's authenticators.
		if p.User.Username == "grace" {
			p.Authenticators, n.Authenticators = nil, nil
		}
		p.Where, n.Where, p.Key, n.Key = "", "", "", ""
		if diff := cmp.Diff(p, n); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEveryProblemOfADumpAtOnce(t *testing.T) {
	const file = `[
 {"model": "accounts.User", "pk": "6f1c", "fields": {"username": "a", "email": "not an address", "password": "", "date_joined": "yesterday"}},
 {"model": "accounts.User", "pk": "6f1d", "fields": {"username": "x@y z", "email": "b@example.com", "password": "", "groups": [7]}},
 {"model": "accounts.User", "pk": "6f1e", "fields": {"username": "c", "email": "B@EXAMPLE.com", "password": ""}},
 {"model": "accounts.User", "pk": "6f1f", "fields": {"username": "", "email": "", "password": ""}},
 {"model": "accounts.User", "pk": "6f20", "fields": {"username": 5}},
 {"model": "otp_totp.totpdevice", "pk": 1, "fields": {"user": "6f1c", "key": "canary-no-hex"}},
 {"model": "otp_totp.totpdevice", "pk": 2, "fields": {"user": "6f1c", "key": "3132333435363738393031323334353637383930", "digits": 8}},
 {"model": "otp_totp.totpdevice", "pk": 3, "fields": {"user": "gone", "key": "00"}},
 {"model": "otp_totp.totpdevice", "pk": 4, "fields": {"user": "6f1e", "key": "0011"}},
 {"model": "sessions.session", "pk": "s", "fields": {"session_data": "canary"}}
]`
	r, err := From(FormatDjango, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`accounts.User 6f1c: "not an address" is not a valid email address`,
		`accounts.User 6f1c: date_joined "yesterday" is not a time`,
		`accounts.User 6f1d: username "x@y z" holds a space`,
		"accounts.User 6f1d: it is in group 7, which the dump lacks",
		`accounts.User 6f1e: "B@EXAMPLE.com" is the name of accounts.User 6f1d too`,
		"accounts.User 6f1f: it has neither an email address nor a username",
		"accounts.User 6f20: its fields cannot be read: username holds a number",
		"otp_totp.totpdevice 1: its key is not hexadecimal",
		"otp_totp.totpdevice 3: the dump lacks its user",
		"otp_totp.totpdevice 4: the secret of an authenticator has 2 bytes",
	} {
		if !slices.ContainsFunc(findings(r.Problems), func(got string) bool { return strings.HasPrefix(got, want) }) {
			t.Errorf("no problem says %q", want)
		}
	}
	if len(r.Problems) != 10 {
		t.Errorf("%d problems:\n%s", len(r.Problems), strings.Join(findings(r.Problems), "\n"))
	}
	all := strings.Join(append(findings(r.Problems), findings(r.Notes)...), "\n")
	if !strings.Contains(all, "sessions.session: 1 rows are not read") || strings.Contains(all, "canary") {
		t.Errorf("findings:\n%s", all)
	}
}

const pbkdf2 = "pbkdf2_sha256$20000$EbovkCf7vzVVbYCdLQkT3G$qCYs80TFVOp29scAG3yEt2Q+StK4BAZqgzc4RuJfw1s="

func TestCSVAndJSONLSayTheSame(t *testing.T) {
	const csvFile = "\ufeffemail,email_verified,username,name,phone,phone_verified,password_hash,roles,groups,disabled,created_at,totp_secret\n" +
		"ada@example.com,true,ada,Ada Lovelace,+493012345678,true," + pbkdf2 + ",admin staff,\"hr, Night  shift\",true,2021-03-04T05:06:07+01:00,GEZD GNBV GY3T QOJQ gezdgnbvgy3tqojq\n"
	const jsonFile = `
{"email":"ada@example.com","email_verified":true,"username":"ada","name":"Ada Lovelace","phone":"+493012345678","phone_verified":true,"password_hash":"` + pbkdf2 + `","roles":["admin","staff"],"groups":["hr","Night shift"],"disabled":true,"created_at":"2021-03-04T04:06:07Z","totp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
`
	for format, file := range map[string]string{FormatCSV: csvFile, FormatJSONL: jsonFile} {
		r, err := From(format, strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		want := []Person{{
			Where: "line 2", Disabled: true, Authenticators: []Authenticator{{"Authenticator", []byte("12345678901234567890")}},
			User: storage.User{
				Email: "ada@example.com", EmailVerified: true, Username: "ada", Profile: storage.Profile{Name: "Ada Lovelace"},
				Phone: "+493012345678", PhoneVerified: true, PasswordHash: pbkdf2, Roles: []string{"admin", "staff"}, Groups: []string{"hr", "Night shift"},
				CreatedAt: time.Date(2021, 3, 4, 4, 6, 7, 0, time.UTC),
			},
		}}
		if diff := cmp.Diff(want, r.People); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		if len(r.Problems)+len(r.Notes) > 0 {
			t.Errorf("%s: %v %v", format, r.Problems, r.Notes)
		}
	}
}

func TestEveryProblemOfRecordsAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		format, file string
		want         []string
	}{
		"csv": {FormatCSV, "email,disabled,phone,totp_secret,roles,groups\na@example.com,maybe,030,!,\"a,b\",\"hr,\"\nb@example.com,true\nc@example.com,,,GEZD,,\n", []string{
			`line 2: disabled: "maybe" is neither true nor false`, "line 2: totp_secret is not base32", `line 2: "030" is not a valid phone number`, `line 2: "a,b" is not a valid role`, `line 2: "" is not a valid group name`,
			"line 3: wrong number of fields", "line 4: the secret of an authenticator has 2 bytes",
		}},
		"jsonl": {FormatJSONL, "{\"emial\":\"a@example.com\"}\n{\"email\":5}\n{\"email\":\"a@example.com\"\n{\"email\":\"a@example.com\",\"created_at\":\"soon\"} \n{} {}\n", []string{
			`line 1: unknown field "emial"`, "line 2: email holds a number", "line 3: it ends too early", `line 4: created_at "soon" is not a time`, "line 5: there is more than one object",
		}},
	} {
		r, err := From(c.format, strings.NewReader(c.file))
		if err != nil {
			t.Fatal(err)
		}
		got := findings(r.Problems)
		for _, want := range c.want {
			if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, want) }) {
				t.Errorf("%s: no problem says %q", name, want)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %d problems:\n%s", name, len(got), strings.Join(got, "\n"))
		}
	}
}

func TestWhatCannotBeReadAtAll(t *testing.T) {
	for format, file := range map[string]string{
		FormatDjango: `{"model": "auth.user"}`, FormatCSV: "email,shoe_size\n", "xml": "<users/>",
	} {
		if r, err := From(format, strings.NewReader(file)); err == nil {
			t.Errorf("%s was read as %v", format, r)
		}
	}
	if _, err := From(FormatCSV, strings.NewReader("email,email\n")); err == nil {
		t.Error("a column that is there twice was read")
	}
}

// Columns and JSON fields are the same words.
func TestColumnsAreTheFieldsOfARecord(t *testing.T) {
	line, err := json.Marshal(record{})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatal(err)
	}
	for name := range columns {
		if _, ok := fields[name]; !ok {
			t.Errorf("column %s is no field", name)
		}
		delete(fields, name)
	}
	// Each attribute has a column of its own.
	if _, ok := fields["attributes"]; !ok || column(attributeColumn+"x") == nil || column(attributeColumn) != nil {
		t.Error("attributes are no columns")
	}
	delete(fields, "attributes")
	if len(fields) > 0 {
		t.Errorf("fields without a column: %v", fields)
	}
}

func FuzzFrom(f *testing.F) {
	f.Add(FormatCSV, "email,roles\na@example.com,x\n")
	f.Add(FormatJSONL, `{"email":"a@example.com"}`)
	f.Add(FormatDjango, `[{"model":"auth.user","pk":[1],"fields":{"username":"a"}}]`)
	f.Fuzz(func(t *testing.T, format, file string) {
		r, err := From(format, strings.NewReader(file))
		if (r == nil) != (err != nil) {
			t.Errorf("From = %v, %v", r, err)
		}
	})
}
