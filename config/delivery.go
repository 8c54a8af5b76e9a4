package config

import (
	"net/netip"
	"time"
)

// Mail says how email leaves.
type Mail struct {
	SMTPURL Secret        `yaml:"smtp_url" secret:"url" doc:"smtp://user:password@host:587 (STARTTLS, always) or smtps://user:password@host:465. smtp://127.0.0.1:25?tls=none sends unencrypted to a relay on this machine. May be a file: or env: reference."`
	From    string        `yaml:"from" doc:"The sender, such as Example <id@example.com>."`
	ReplyTo string        `yaml:"reply_to" doc:"Where replies go, such as help@example.com. Default: the sender."`
	Timeout time.Duration `yaml:"timeout" default:"30s" doc:"How long one attempt may take, from the first packet to the server's last response; at most 1m."`
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
	Provider          SMSProvider   `yaml:"provider" oneof:"twilio http" doc:"twilio: the Twilio messaging API; http: any gateway that accepts a POST, as described by url, headers and body."`
	URL               Secret        `yaml:"url" secret:"url" doc:"The URL that http posts to. For twilio, needed only for another region or a compatible API: the address before /2010-04-01. May be a file: or env: reference."`
	Account           string        `yaml:"account" doc:"For twilio, the Account SID or the SID of an API key; for http, the user name for basic authentication, if any."`
	Token             Secret        `yaml:"token" secret:"ref" doc:"For twilio, the auth token or the secret of the API key; for http, the password for basic authentication, if any."`
	From              string        `yaml:"from" doc:"The sender: a number, a name that the gateway knows, or, for twilio, the SID of a messaging service (MG…)."`
	Headers           []SMSHeader   `yaml:"headers" doc:"Additional headers for http to send, such as an API key."`
	Body              string        `yaml:"body" default:"{\"to\": {{json .To}}, \"from\": {{json .From}}, \"text\": {{json .Text}}}" doc:"The body that http posts: a Go template over .To, .From, .Text and .ID, which stays the same when a message is retried; json quotes a string."`
	ContentType       string        `yaml:"content_type" default:"application/json" doc:"The media type of the body."`
	Timeout           time.Duration `yaml:"timeout" default:"15s" doc:"How long one attempt may take; at most 1m."`
	Countries         []string      `yaml:"countries" doc:"Countries that messages may go to, such as [DE, AT, CH] (ISO 3166-1). Required: numbers elsewhere can neither be confirmed nor receive codes."`
	PerNumberDay      int           `yaml:"per_number_day" default:"10" doc:"Messages to one number per day."`
	CountryDay        int           `yaml:"per_country_day" default:"500" doc:"Second-factor codes to one country per day."`
	DailyCap          int           `yaml:"daily_cap" default:"1000" doc:"Second-factor codes per day in total; it caps your cost."`
	ConfirmCountryDay int           `yaml:"confirm_per_country_day" default:"100" doc:"Codes that confirm new numbers, to one country per day: anyone with an account can have them sent anywhere. They do not count toward per_country_day, and this may not exceed it."`
	ConfirmDailyCap   int           `yaml:"confirm_daily_cap" default:"200" doc:"Codes that confirm new numbers, per day in total; at most daily_cap."`
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
	Templates string `yaml:"templates" doc:"A folder of templates and texts that override the built-in ones; see docs/messages.md. Relative to the configuration file."`
}

// Fetch bounds calls to addresses that clients register or send (SSRF).
type Fetch struct {
	AllowedNetworks []netip.Prefix `yaml:"allowed_networks" doc:"Your own networks that client URLs may point to, such as 10.20.0.0/16. Public addresses are always allowed; loopback, private and link-local ones are not, which protects your network from server-side request forgery (SSRF). Under dev, loopback is allowed too."`
	Timeout         time.Duration  `yaml:"timeout" default:"5s" doc:"How long a request may take."`
	MaxKiB          int            `yaml:"max_kib" default:"256" doc:"Largest response in KiB."`
}

// Outbox is the queue of messages.
type Outbox struct {
	Workers int           `yaml:"workers" default:"4" doc:"Concurrent deliveries of one kind (email, SMS) per node. With more than one, one is reserved for messages that somebody is waiting for: codes and links."`
	Poll    time.Duration `yaml:"poll" default:"1s" doc:"How often a node checks for messages that are due."`
	GiveUp  time.Duration `yaml:"give_up_after" default:"2d" doc:"A message not delivered within this time has failed; latchkey outbox retry tries it again."`
	MaxAge  time.Duration `yaml:"max_age" default:"15m" doc:"A node reports itself as degraded while a message has waited longer than this. 0s disables this."`
}
