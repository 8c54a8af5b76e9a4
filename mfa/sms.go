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
	// PerNumber, PerCountry and PerDay bound the messages within 24 hours, to
	// one number, to one of Countries, and in all.
	PerNumber, PerCountry, PerDay int
}

const day = 24 * time.Hour

// newSMS makes the factor of codes by SMS.
func newSMS(cfg Config, g *gate) Factor {
	code := newPhoneCode(cfg, g, "factor", storage.MessageSMSCode)
	code.to = func(u *storage.User) string {
		if !u.PhoneVerified || cfg.SMS.country(u.Phone) == "" {
			return ""
		}
		return u.Phone
	}
	return code
}

// newPhoneCode makes what all codes by SMS have in common: however many ends
// they have, they share what they may cost.
func newPhoneCode(cfg Config, g *gate, purpose string, message storage.MessageKind) *sentCode {
	limits := *cfg.SMS
	return &sentCode{
		cfg: cfg, gate: g, kind: storage.FactorSMS, purpose: purpose, channel: storage.ChannelSMS, message: message,
		hint: ident.Mask,
		caps: func(to string) []sendCap {
			return []sendCap{
				{"messages to a number", "mfa:sms:number:" + cfg.Hasher.Sum("limit", "sms", to), day, limits.PerNumber},
				{"messages to a country", "mfa:sms:country:" + limits.country(to), day, limits.PerCountry},
				{"messages in all", "mfa:sms:all", day, limits.PerDay},
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
