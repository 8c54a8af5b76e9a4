package userimport

import (
	"encoding/base32"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// join brings people together with what belongs to them, one bucket after the other.
func (d *djangoDump) join() (err error) {
	if d.byName && d.byKey {
		return errors.New("this dump refers to people by primary keys and by natural keys; dump all of it with or without --natural-foreign")
	}
	people, owned := newBuckets(enough(d.peopleN)), newBuckets(enough(d.peopleN))
	owned.seed = people.seed
	defer func() { err = errors.Join(err, people.close(), owned.close()) }()
	err = each(d.people, 0, func(p *djangoPerson) error {
		people.add(d.keyOf(p), p)
		return nil
	})
	if err != nil {
		return err
	}
	err = each(d.owned, 0, func(row *ownedRow) error {
		owned.add(row.Owner, row)
		return nil
	})
	for i := 0; err == nil && i < len(people.files); i++ {
		err = d.joinBucket(people, owned, i)
	}
	return err
}

// keyOf is the key by which rows refer to the person.
func (d *djangoDump) keyOf(p *djangoPerson) string {
	if d.byName || p.Key == "" {
		return p.Natural
	}
	return p.Key
}

func (d *djangoDump) joinBucket(people, owned *buckets, i int) error {
	var here []*djangoPerson
	place := map[string]*djangoPerson{}
	err := each(people, i, func(p *djangoPerson) error {
		here, place[d.keyOf(p)] = append(here, p), p
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range here {
		d.addGroups(&p.Person, p.Groups)
	}
	err = each(owned, i, func(row *ownedRow) error {
		if p := place[row.Owner]; p != nil && row.Owner != "" {
			d.attach(&p.Person, row)
		} else {
			d.problem(row.Where, "the dump lacks its user")
		}
		return nil
	})
	for i := 0; err == nil && i < len(here); i++ {
		err = d.person(&here[i].Person)
	}
	return err
}

// attach adds what belongs to a person.
func (d *djangoDump) attach(p *Person, row *ownedRow) {
	switch row.Model {
	case allauthEmail:
		d.attachEmail(p, row)
	case allauthMFA:
		d.attachAllauth(p, row)
	case otpTOTP:
		d.attachTOTP(p, row)
	}
}

func (d *djangoDump) attachEmail(p *Person, row *ownedRow) {
	var e struct {
		Email    string `json:"email"`
		Verified bool   `json:"verified"`
		Primary  bool   `json:"primary"`
	}
	if !d.decode(row.Where, row.Fields, &e) {
		return
	}
	if p.User.Email == "" && e.Primary {
		p.User.Email = e.Email
	}
	if ident.Canonical(e.Email) == ident.Canonical(p.User.Email) {
		p.User.EmailVerified = p.User.EmailVerified || e.Verified
		return
	}
	d.report(row.Where, secondAddress, "a second address of %s is not kept", p.Where)
}

func (d *djangoDump) attachAllauth(p *Person, row *ownedRow) {
	var a struct {
		Type string `json:"type"`
		Data struct {
			Secret string `json:"secret"`
		} `json:"data"`
	}
	if !d.decode(row.Where, row.Fields, &a) {
		return
	}
	if a.Type != "totp" {
		what := strings.ReplaceAll(a.Type, "_", " ")
		d.report(row.Where, notKept(what), "its %s are not kept; %s makes new ones", what, p.Where)
		return
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(a.Data.Secret, "="))
	if err != nil {
		d.problem(row.Where, "its secret is no base32; if an adapter encrypts it, dump it decrypted or leave mfa.authenticator out")
		return
	}
	d.addAuthenticator(p, row.Where, "", secret)
}

func (d *djangoDump) attachTOTP(p *Person, row *ownedRow) {
	device := struct {
		Name      string `json:"name"`
		Confirmed bool   `json:"confirmed"`
		Key       string `json:"key"`
		Step      int    `json:"step"`
		T0        int64  `json:"t0"`
		Digits    int    `json:"digits"`
	}{Confirmed: true, Step: 30, Digits: 6}
	if !d.decode(row.Where, row.Fields, &device) {
		return
	}
	switch secret, err := hex.DecodeString(device.Key); {
	case !device.Confirmed:
		d.report(row.Where, neverConfirmed, "it was never confirmed and is not kept")
	case device.Step != 30 || device.T0 != 0 || device.Digits != 6:
		d.report(row.Where, otherCodes, "only codes of 6 digits and 30 seconds are taken here, so it is not kept; %s enrolls anew", p.Where)
	case err != nil:
		d.problem(row.Where, "its key is no hexadecimal")
	default:
		d.addAuthenticator(p, row.Where, device.Name, secret)
	}
}
