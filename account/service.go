package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what a [Service] is made of. Every field is required, except where
// it says otherwise.
type Config struct {
	Stores
	// Passwords makes and checks password verifiers.
	Passwords Hasher
	// PasswordPolicy judges new passwords, whoever sets them.
	PasswordPolicy password.Policy
	// Policy is that of second factors.
	Policy mfa.Policy
	// Factors proves new factors and makes recovery codes; like Trust it is nil
	// where nobody enrolls, as in commands.
	Factors *mfa.Factors
	// Trust makes the secrets of trusted devices.
	Trust  *mfa.Devices
	Tokens *onetime.Tokens
	// Messages makes the rows of messages to people.
	Messages *message.Intents
	Hasher   *keys.Hasher
	Sealer   *keys.Sealer
	Now      func() time.Time
	Random   io.Reader
	SignUp   SignUpPolicy
	// DeletionGrace is for how long a deletion can be taken back; zero deletes at once.
	DeletionGrace time.Duration
	// LockdownUndo is for how long a lockdown can be undone.
	LockdownUndo time.Duration
	// RecentFactors is for how long a new factor can be removed by a reset of the
	// password; zero is never.
	RecentFactors time.Duration
	// NotifyNewDevice has owners told of sign-ins on devices that are not known.
	NotifyNewDevice bool
	// InvitationLifetime is how long an invitation is good for.
	InvitationLifetime time.Duration
	// Attributes is the schema of custom attributes; nil has none.
	Attributes attribute.Schema
	// AdminRoles are the roles whose holders administer others; nil: nobody does.
	AdminRoles []string
	// GroupUses knows which clients name a group; nil: none does.
	GroupUses GroupUses
	// Queued is told that the outbox holds something new.
	Queued func()
}

// Stores are what the service writes to; the repositories of storage/sqlstore in
// the binary. A method of each is one transaction, the event and the messages
// that it is given included.
type Stores struct {
	Users       Users
	Accounts    Accounts
	Verifiers   Verifiers
	Addresses   Addresses
	Profiles    Profiles
	Lifecycles  Lifecycles
	Lockdowns   Lockdowns
	Epochs      Epochs
	Credentials Credentials
	Recovery    RecoveryCodes
	Trusted     TrustedDevices
	Lockouts    Lockouts
	Sessions    Sessions
	Grants      Grants
	Consents    Consents
	Invitations Invitations
	Groups      Groups
	Memberships Memberships
	Edits       PersonEdits
	// Provisions and Provisioners may be nil where nothing is provisioned, as in commands.
	Provisions   Provisions
	Provisioners ProvisionedEdits
	// RemovedClients may be nil where no configuration is reloaded.
	RemovedClients RemovedClients
	// LockedClients may be nil where nobody locks clients down.
	LockedClients LockedClients
	Events        Events
	Outbox        Outbox
	// Deliveries and Feeds may be nil where nobody administers.
	Deliveries Deliveries
	Feeds      Feeds
}

// Users finds people, disabled or not. Both answer storage.ErrNotFound.
type Users interface {
	ByID(ctx context.Context, id storage.ID) (*storage.User, error)
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
}

// Events keeps events that go with no other change.
type Events interface {
	Append(ctx context.Context, e storage.Event) error
}

// Outbox queues messages that go with no change but an event, or with none.
type Outbox interface {
	Add(ctx context.Context, e *storage.Event, m ...storage.Message) error
}

// Hasher makes and checks password verifiers; account/password.Hasher in the binary.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, encoded, typed string) (bool, error)
}

// Service changes accounts. Its methods may be called concurrently.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// FreshFor is how old proofs may be that allow a change of what guards an account.
func (s *Service) FreshFor() time.Duration { return s.cfg.Policy.FreshFor }

// Record writes a security event that goes with no change: a failed attempt, a
// refusal. userID is empty where it is not known whom it is about. outcome is
// storage.Success or storage.Failure.
func (s *Service) Record(ctx context.Context, by Actor, typ storage.EventType, userID storage.ID, outcome, detail string) error {
	e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, typ, userID)
	if err != nil {
		return err
	}
	e.Outcome, e.Detail = outcome, detail
	if err := s.cfg.Events.Append(ctx, e); err != nil {
		return fmt.Errorf("write event %s: %w", typ, err)
	}
	return nil
}

// RecordRead writes that an administrator looks at something, before they see it: what
// names the operation, and what of it they asked for; userID is whom it is about, empty
// for nobody alone. outcome is storage.Failure where they may not.
func (s *Service) RecordRead(ctx context.Context, by Actor, userID storage.ID, outcome, what string) error {
	if _, err := userID.Bytes(); err != nil {
		userID = "" // an address may name anything
	}
	return s.Record(ctx, by, storage.EventAdminRead, userID, outcome, what)
}

// change is one change of an account that was allowed: what its rows, its event
// and its messages have in common.
type change struct {
	by Actor
	// user is the person as they were read for this change.
	user     *storage.User
	now      time.Time
	event    storage.Event
	messages []storage.Message
}

// begin is how every method begins: it reads the person, decides whether the
// actor may, and starts the event.
func (s *Service) begin(ctx context.Context, by Actor, act action, id storage.ID) (*change, error) {
	user, err := s.cfg.Users.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	return s.start(ctx, by, act, user)
}

// start begins a change of a person who was read already.
func (s *Service) start(ctx context.Context, by Actor, act action, user *storage.User) (*change, error) {
	if err := s.authorize(ctx, by, act, user); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	e, err := NewEvent(now, s.cfg.Random, by, act.event, user.ID)
	if err != nil {
		return nil, err
	}
	return &change{by: by, user: user, now: now, event: e}, nil
}

// detail says more of what the event tells of, in words of ours or the operator's.
func (c *change) detail(text string) {
	if c.event.Detail != "" && text != "" {
		text = c.event.Detail + ": " + text
	}
	if text != "" {
		c.event.Detail = text
	}
}

// notify adds a notice to the owner of the account. One without an address is
// told nothing; one whose address is proven can disown what they are told of.
func (s *Service) notify(c *change, n message.Notice) error {
	if c.user.Email == "" {
		return nil
	}
	n.UserID, n.To, n.Epoch = c.user.ID, c.user.Email, c.user.EmailEpoch
	switch {
	case !c.user.EmailVerified:
		n.Since = time.Time{}
	case n.Since.IsZero():
		n.Since = s.Sitting(c.by)
	}
	return s.tell(c, n)
}

// tell adds a message to the change.
func (s *Service) tell(c *change, body message.Body) error {
	m, err := s.message(c.by, c.user, body)
	if err != nil {
		return err
	}
	c.messages = append(c.messages, m)
	return nil
}

// message makes the row of a message. Its language is that of the page that the
// actor is at, or of the person.
func (s *Service) message(by Actor, user *storage.User, body message.Body) (storage.Message, error) {
	locale := by.from.Locale
	if locale == "" && user != nil {
		locale = user.Profile.Locale
	}
	m, err := s.cfg.Messages.New(message.Asked{Locale: locale, Address: by.from.Address, UserAgent: by.from.UserAgent}, body)
	if err != nil {
		return storage.Message{}, fmt.Errorf("make message: %w", err)
	}
	return m, nil
}

// written says how the write of a change ended.
func (s *Service) written(c *change, attempted string, err error) error {
	switch {
	case err == nil:
		if len(c.messages) > 0 {
			s.cfg.Queued()
		}
		return nil
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrConsumed):
		return fmt.Errorf("%s: %w: %w", attempted, ErrChanged, err)
	case errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("%s: %w: %w", attempted, ErrNotFound, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}
