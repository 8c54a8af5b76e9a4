package sqlstore

import (
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// subjectRow is what tokens say of their person: what each request at the token
// endpoint, introspection and userinfo reads. It leaves out what guards the account.
type subjectRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID            string                       `bun:"id,pk"`
	Email         string                       `bun:"email"`
	EmailVerified bool                         `bun:"email_verified"`
	Username      string                       `bun:"username"`
	Phone         string                       `bun:"phone"`
	PhoneVerified bool                         `bun:"phone_verified"`
	Profile       document[storage.Profile]    `bun:"profile"`
	Held          holdings                     `bun:"held,scanonly"`
	Attributes    document[storage.Attributes] `bun:"attributes"`
	DisabledAt    sqlTime                      `bun:"disabled_at"`
	UpdatedAt     sqlTime                      `bun:"updated_at"`
}

func (subjectRow) computed(column string) string { return userRow{}.computed(column) }

func (r *subjectRow) user() storage.User {
	return storage.User{
		ID: storage.ID(r.ID), Email: r.Email, EmailVerified: r.EmailVerified, Username: r.Username,
		Phone: r.Phone, PhoneVerified: r.PhoneVerified, Profile: r.Profile.Is,
		Roles: distinct(r.Held.Roles), Groups: distinct(r.Held.Groups), Attributes: r.Attributes.Is,
		DisabledAt: r.DisabledAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

var selectSubject = `SELECT ` + columnsOf[subjectRow]() + ` FROM users u WHERE u.id = $1`
