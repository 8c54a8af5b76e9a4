package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// ErrNobody says that a message has nobody to go to: there is no such account,
// or it is not one that this is said to.
var ErrNobody = errors.New("nobody to send it to")

// users knows people; storage/sqlstore.Users in the binary.
type users interface {
	ByID(ctx context.Context, id storage.ID) (*storage.User, error)
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
}

// tokens makes what links bear; account/onetime.Tokens in the binary.
type tokens interface {
	Issue(ctx context.Context, t onetime.Token) (onetime.Issued, error)
}

// ComposerConfig is what a [Composer] is made of. Every field is required.
type ComposerConfig struct {
	// Issuer is where links begin.
	Issuer    string
	Brand     Brand
	Users     users
	Tokens    tokens
	Hasher    *keys.Hasher
	Sealer    *keys.Sealer
	Templates *Templates
	Now       func() time.Time
	Lifetimes Lifetimes
}

// Brand is whose messages they are.
type Brand struct {
	Name string
	// Accent is the colour of buttons and OnAccent that of the text on them, as
	// "#rrggbb".
	Accent, OnAccent string
}

// Composer turns intents into messages.
type Composer struct {
	cfg  ComposerConfig
	host string
}

// NewComposer makes a Composer.
func NewComposer(cfg ComposerConfig) (*Composer, error) {
	u, err := url.Parse(cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return &Composer{cfg: cfg, host: u.Hostname()}, nil
}

// Compose decides what an intent says, and to whom; it makes the token and the
// text. It answers ErrNobody where nothing is to be said. The caller keeps the
// text, so that it is made once: another call makes another token, which kills
// the first.
func (c *Composer) Compose(ctx context.Context, m storage.Message) (Mail, error) {
	var e envelope
	if err := open(c.cfg.Sealer, m, &e); err != nil {
		return Mail{}, err
	}
	what, err := c.decide(ctx, m, e.Body)
	if err != nil {
		return Mail{}, err
	}
	if what.to == "" {
		return Mail{}, ErrNobody
	}
	return c.cfg.Templates.render(c.cfg.Brand, c.host, storage.Channel(m.Topic), e.Asked, what)
}

// content is what a message says, before it is put into words.
type content struct {
	to string
	// key names the texts: its subject, text, action, also and unasked.
	key string
	// values are the placeholders of the text, each followed by what stands
	// there; that of the brand is added.
	values []any
	// link is the address of the button, also that of a second one.
	link, also string
	code       string
	// linkLasts is how long the link works, codeLasts the code; zero is no limit.
	linkLasts, codeLasts time.Duration
	// disowns says that the button is "this was not me".
	disowns bool
	// happened says that the message tells of something that was done, rather
	// than of something that was asked for.
	happened bool
	// locale and zone are the person's own, for where nobody's browser asked.
	locale, zone string
}

// decide says what a message says.
func (c *Composer) decide(ctx context.Context, m storage.Message, body json.RawMessage) (content, error) {
	switch m.Kind {
	case storage.MessageSignUp:
		return with(ctx, body, c.signUp)
	case storage.MessageVerifyEmail:
		return with(ctx, body, c.verifyEmail)
	case storage.MessagePasswordReset:
		return with(ctx, body, c.passwordReset)
	case storage.MessageEmailChange:
		return with(ctx, body, c.emailChange)
	case storage.MessageEmailChangeAsked:
		return with(ctx, body, c.emailChangeAsked)
	case storage.MessageEmailChanged:
		return with(ctx, body, c.emailChanged)
	case storage.MessageDeletionPlanned:
		return with(ctx, body, c.deletionPlanned)
	case storage.MessageEmailCode, storage.MessageSMSCode, storage.MessagePhoneVerify:
		return with(ctx, body, func(_ context.Context, b Code) (content, error) { return c.code(m.Kind, b), nil })
	case storage.MessageInvitation:
		return with(ctx, body, c.invitation)
	case storage.MessageTest:
		return with(ctx, body, func(_ context.Context, b Test) (content, error) {
			return content{to: b.To, key: "test"}, nil
		})
	default:
		return with(ctx, body, func(ctx context.Context, b Notice) (content, error) { return c.notice(ctx, m, b) })
	}
}

// with decodes a body for decide.
func with[B any](ctx context.Context, body json.RawMessage, decide func(context.Context, B) (content, error)) (content, error) {
	var b B
	if err := json.Unmarshal(body, &b); err != nil {
		return content{}, fmt.Errorf("decode body of a message: %w", err)
	}
	return decide(ctx, b)
}
