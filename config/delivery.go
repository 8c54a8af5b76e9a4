package config

import (
	"net/netip"
	"time"
)

// Mail says how e-mail leaves.
type Mail struct {
	SMTPURL Secret        `yaml:"smtp_url" secret:"url" doc:"smtp://user:password@host:587 (STARTTLS, always) or smtps://user:password@host:465. smtp://127.0.0.1:25?tls=none sends in clear to a relay on this machine. May be a file: or env: reference."`
	From    string        `yaml:"from" doc:"The sender, such as Example <id@example.com>."`
	ReplyTo string        `yaml:"reply_to" doc:"Where answers go, such as help@example.com. Default: the sender."`
	Timeout time.Duration `yaml:"timeout" default:"30s" doc:"How long one try may take, from the first packet to the server's last answer; at most 1m."`
}

// SMSProvider is whose interface a gateway speaks.
type SMSProvider string

// The providers.
const (
	SMSTwilio SMSProvider = "twilio"
	SMSHTTP   SMSProvider = "http"
)

// SMS says how text messages leave.
type SMS struct {
	Provider          SMSProvider   `yaml:"provider" oneof:"twilio http" doc:"twilio: its API for messages; http: any gateway that takes a POST, as url, headers and body describe it."`
	URL               Secret        `yaml:"url" secret:"url" doc:"Where http posts to. For twilio only needed for another region or something that speaks the same: the address before /2010-04-01. May be a file: or env: reference."`
	Account           string        `yaml:"account" doc:"The Account SID, or the SID of an API key, of twilio; with http the user of basic authentication, if any."`
	Token             Secret        `yaml:"token" secret:"ref" doc:"The auth token or key's secret of twilio; with http the password of basic authentication, if any."`
	From              string        `yaml:"from" doc:"The sender: a number, a name that the gateway knows, or of twilio also the SID of a messaging service (MG…)."`
	Headers           []SMSHeader   `yaml:"headers" doc:"Additional headers that http sends, such as an API key."`
	Body              string        `yaml:"body" default:"{\"to\": {{json .To}}, \"from\": {{json .From}}, \"text\": {{json .Text}}}" doc:"The body that http posts: a template of Go over .To, .From, .Text and .ID, which stays the same when a message is tried again; json quotes a text."`
	ContentType       string        `yaml:"content_type" default:"application/json" doc:"The media type of body."`
	Timeout           time.Duration `yaml:"timeout" default:"15s" doc:"How long one try may take; at most 1m."`
	Countries         []string      `yaml:"countries" doc:"Countries that messages go to, such as [DE, AT, CH] (ISO 3166-1). Required: numbers elsewhere can neither be confirmed nor get codes."`
	PerNumberDay      int           `yaml:"per_number_day" default:"10" doc:"Messages to one number within a day."`
	CountryDay        int           `yaml:"per_country_day" default:"500" doc:"Codes for factors to one country within a day."`
	DailyCap          int           `yaml:"daily_cap" default:"1000" doc:"Codes for factors within a day in all; it stops what costs."`
	ConfirmCountryDay int           `yaml:"confirm_per_country_day" default:"100" doc:"Codes that confirm new numbers, to one country within a day: anyone who has an account can have them sent anywhere. They spend nothing of per_country_day; at most that."`
	ConfirmDailyCap   int           `yaml:"confirm_daily_cap" default:"200" doc:"Codes that confirm new numbers, within a day in all; at most daily_cap."`
}

// Enabled reports whether there is a gateway.
func (s SMS) Enabled() bool { return s.Provider != "" }

// SMSHeader is a header that a gateway wants.
type SMSHeader struct {
	Name  string `yaml:"name" doc:"The name of the header, such as Authorization."`
	Value Secret `yaml:"value" secret:"ref" doc:"Its value, as a file: or env: reference."`
}

// Messages says what messages say and how they look.
type Messages struct {
	Templates string `yaml:"templates" doc:"A folder of templates and texts that win over the built-in ones: see docs/messages.md. Relative to the configuration file."`
}

// Fetch bounds calls to addresses that clients register or send (SSRF).
type Fetch struct {
	AllowedNetworks []netip.Prefix `yaml:"allowed_networks" doc:"Networks of yours that addresses of clients may lead to, such as 10.20.0.0/16. Public addresses always may; loopback, private and link-local ones may not, so that nobody can have Latchkey reach inside (SSRF). Under dev loopback may as well."`
	Timeout         time.Duration  `yaml:"timeout" default:"5s" doc:"How long a call may take."`
	MaxKiB          int            `yaml:"max_kib" default:"256" doc:"How large an answer may be."`
}

// Outbox is the queue of messages.
type Outbox struct {
	Workers int           `yaml:"workers" default:"4" doc:"Deliveries of one kind (e-mail, SMS) that one node makes at once. Where there are several, one is kept for what somebody waits for: codes and links."`
	Poll    time.Duration `yaml:"poll" default:"1s" doc:"How often a node looks for messages that are due."`
	GiveUp  time.Duration `yaml:"give_up_after" default:"2d" doc:"A message that could not be delivered for so long has failed; latchkey outbox retry tries it again."`
	MaxAge  time.Duration `yaml:"max_age" default:"15m" doc:"A node says that it is degraded while a message waits for so long. 0s never says so."`
}
