package mfa

import (
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// SMSLimits guards what messages cost: somebody who is paid for the traffic to
// a number must not be able to make it.
type SMSLimits struct {
	// Countries are those whose numbers messages go to (ISO 3166-1, "DE"), or
	// prefixes of numbers, as "+49" or "+1212"; none is no number at all.
	Countries []string
	// Factor are the pots of codes for factors, which go to numbers that are known to
	// be theirs after a right password, and Confirmation those of codes that confirm a
	// number, which anybody with an account can have sent anywhere (SMS pumping). The
	// second spends nothing of the first, so that invented numbers keep nobody out.
	Factor, Confirmation SMSPots
}

// SMSPots bound the messages within 24 hours, to one number, to one of the countries,
// and in all.
type SMSPots struct{ PerNumber, PerCountry, PerDay int }

const day = 24 * time.Hour

// The ends of codes by SMS, which the metrics know.
const (
	smsFactor       = "factor"
	smsConfirmation = "confirmation"
)

// The states of a pot that somebody should know of before people notice.
const (
	potLow   = "low"   // four fifths are spent
	potEmpty = "empty" // a message was refused
)

// runsLow is the message with which four fifths of a pot are spent.
func runsLow(size int) int64 { return int64(size - size/5) }

// newSMS makes the factor of codes by SMS.
func newSMS(cfg Config, g *attemptLimiter) Factor {
	code := newPhoneCode(cfg, g, smsFactor, storage.MessageSMSCode, cfg.SMS.Factor)
	code.to = func(u *storage.User) string {
		if !u.PhoneVerified || cfg.SMS.country(u.Phone) == "" {
			return ""
		}
		return u.Phone
	}
	return code
}

// newPhoneCode makes what all codes by SMS have in common. What they may cost is
// counted by what they are for.
func newPhoneCode(cfg Config, g *attemptLimiter, purpose string, message storage.MessageKind, pots SMSPots) *sentCode {
	name := "mfa:sms:" + purpose + ":"
	return &sentCode{
		cfg: cfg, limiter: g, kind: storage.FactorSMS, purpose: purpose, channel: storage.ChannelSMS, message: message,
		hint: ident.Mask,
		caps: func(to string) []sendCap {
			return []sendCap{
				{name: "messages to a number", key: name + "number:" + cfg.Hasher.Sum("limit", "sms", to), window: day, max: pots.PerNumber},
				{name: "messages to a country", key: name + "country:" + cfg.SMS.country(to), window: day, max: pots.PerCountry, pot: "country"},
				{name: "messages in all", key: name + "all", window: day, max: pots.PerDay, pot: "day"},
			}
		},
	}
}

// country is that of Countries which the number belongs to, or the longest
// prefix of them that it begins with; "" is none.
func (l SMSLimits) country(number string) string {
	if country := ident.PhoneCountry(number); country != "" && slices.Contains(l.Countries, country) {
		return country
	}
	longest := ""
	for _, prefix := range l.Countries {
		if strings.HasPrefix(number, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return longest
}
