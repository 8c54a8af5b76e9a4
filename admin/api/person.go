package api

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

// Person is an account.
type Person struct {
	ID            string `json:"id" doc:"The sub of public clients."`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified"`
	Username      string `json:"username,omitempty"`
	Phone         string `json:"phone,omitempty" doc:"E.164."`
	PhoneVerified bool   `json:"phone_verified"`
	State         string `json:"state" enum:"active,disabled,locked_down,deleting"`
	// Administrator says that they have a role that administers.
	Administrator bool           `json:"administrator" doc:"Whether one of their roles makes them an administrator: only owners change them then."`
	Roles         []string       `json:"roles" nullable:"false" doc:"Those given to them and those given to their groups."`
	Groups        []string       `json:"groups" nullable:"false"`
	Profile       Profile        `json:"profile"`
	Attributes    map[string]any `json:"attributes" doc:"Custom attributes, as far as the caller may see them."`
	Password      bool           `json:"password" doc:"Whether there is one."`
	PasswordAt    *time.Time     `json:"password_changed_at,omitempty"`
	Factors       int            `json:"factors" doc:"How many authenticators and passkeys are enrolled."`
	SignedInAt    *time.Time     `json:"first_signed_in_at,omitempty"`
	LockedDownAt  *time.Time     `json:"locked_down_at,omitempty" doc:"When the account was found to be in wrong hands."`
	DisabledAt    *time.Time     `json:"disabled_at,omitempty"`
	DeleteAt      *time.Time     `json:"delete_at,omitempty" doc:"When the account is to be deleted."`
	CreatedAt     time.Time      `json:"created_at"`
	UpdatedAt     time.Time      `json:"updated_at"`
}

// Profile is what people say of themselves: claims of OpenID Connect Core 5.1, the parts
// of the address by their own names. In a change an empty text takes one away.
type Profile struct {
	Name          *string `json:"name,omitempty"`
	GivenName     *string `json:"given_name,omitempty"`
	FamilyName    *string `json:"family_name,omitempty"`
	MiddleName    *string `json:"middle_name,omitempty"`
	Nickname      *string `json:"nickname,omitempty"`
	Gender        *string `json:"gender,omitempty"`
	Birthdate     *string `json:"birthdate,omitempty"`
	Website       *string `json:"website,omitempty"`
	Picture       *string `json:"picture,omitempty"`
	Profile       *string `json:"profile,omitempty"`
	Locale        *string `json:"locale,omitempty"`
	Zoneinfo      *string `json:"zoneinfo,omitempty"`
	StreetAddress *string `json:"street_address,omitempty"`
	PostalCode    *string `json:"postal_code,omitempty"`
	Locality      *string `json:"locality,omitempty"`
	Region        *string `json:"region,omitempty"`
	Country       *string `json:"country,omitempty"`
	Formatted     *string `json:"formatted_address,omitempty"`
}

// claims are what is set in a profile, by the names of package account.
func (p *Profile) claims() (map[string]string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	var set map[string]string
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return set, nil
}

// applyTo sets what is set in a profile that is kept.
func (p *Profile) applyTo(kept *storage.Profile) error {
	set, err := p.claims()
	if err != nil {
		return err
	}
	for name, value := range set {
		account.SetClaim(kept, name, value)
	}
	return nil
}

// profileOf shows a profile.
func profileOf(kept storage.Profile) (p Profile) {
	shown := map[string]string{}
	for _, name := range account.ClaimNames() {
		if value := account.ClaimValue(kept, name); value != "" {
			shown[name] = value
		}
	}
	text, err := json.Marshal(shown)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		panic(fmt.Sprintf("show profile: %v", err)) // texts by their names always are JSON
	}
	return p
}

// show is a person as the caller may see them.
func (a *API) show(who *caller, u *storage.User) *Person {
	return ShowPerson(a.cfg.Accounts, who.may, u)
}

// ShowPerson is a person as somebody with the authority may see them.
func ShowPerson(accounts *account.Service, may admin.Authority, u *storage.User) *Person {
	p := &Person{
		ID: string(u.ID), Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		State: "active", Administrator: accounts.Administers(u), Roles: listed(u.Roles), Groups: listed(u.Groups),
		Profile: profileOf(u.Profile), Attributes: attributesOf(accounts, may, u), Password: u.PasswordHash != "", PasswordAt: timeOf(u.PasswordChangedAt),
		Factors: u.Credentials, SignedInAt: timeOf(u.SignedInAt), LockedDownAt: timeOf(u.LockedAt), DisabledAt: timeOf(u.DisabledAt), DeleteAt: timeOf(u.DeleteAt),
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
	switch {
	case u.Locked():
		p.State = "locked_down"
	case u.Disabled():
		p.State = "disabled"
	case !u.DeleteAt.IsZero():
		p.State = "deleting"
	}
	return p
}

// attributesOf are the custom attributes of a person that somebody with the authority sees.
func attributesOf(accounts *account.Service, may admin.Authority, u *storage.User) map[string]any {
	shown := map[string]any{}
	for _, seen := range accounts.Attributes().Seen(may.Sees()) {
		if value, has := u.Attributes[seen.Name]; has {
			shown[seen.Name] = value
		}
	}
	return shown
}
