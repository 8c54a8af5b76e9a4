package main

import (
	"context"
	"errors"
	"net"
	"net/mail"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// doctorSender looks in DNS at the domain that messages come from: who may send in its name
// (SPF, RFC 7208) and what others do with messages that are not signed by it (DMARC, RFC
// 7489; DKIM, RFC 6376, whose selector only the mail server knows). Without them messages
// end among spam, and people wait for links.
func doctorSender(ctx context.Context, _ *sqlstore.Store, d *dependencies) error {
	from, err := mail.ParseAddress(d.cfg.Mail.From)
	if d.cfg.Mail.SMTPURL.IsZero() || err != nil {
		return nil // no mail, or said of the configuration
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	spf, err := d.records(ctx, domain, "v=spf1")
	if err != nil {
		return ails("look at the DNS servers of this machine", "the records of %s cannot be looked up: %v", domain, err)
	}
	const publish = "publish one TXT record of the domain, such as \"v=spf1 include:YOUR-MAIL-PROVIDER -all\", which names the servers that send for it"
	switch {
	case len(spf) == 0:
		return ails(publish, "%s has no SPF record: messages from %s look forged", domain, from.Address)
	case len(spf) > 1:
		return ails(publish, "%s has %d SPF records, which counts as an error, and as none", domain, len(spf))
	case slices.ContainsFunc(strings.Fields(strings.ToLower(spf[0])), func(term string) bool { return term == "all" || term == "+all" }):
		return ails("end the SPF record with -all, or ~all while you try it", "the SPF record of %s lets everybody send in its name", domain)
	}
	dmarc, err := d.records(ctx, "_dmarc."+domain, "v=DMARC1")
	if err == nil && len(dmarc) == 0 {
		return ails("let the mail server sign with DKIM, then publish a TXT record of _dmarc."+domain+", such as \"v=DMARC1; p=quarantine\"",
			"%s has no DMARC record: large mail services may take no message from it", domain)
	}
	return nil
}

// records are the TXT records of a name that begin with a version tag.
func (p *dependencies) records(ctx context.Context, name, version string) ([]string, error) {
	all, err := p.resolver.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".")
	if missing := (*net.DNSError)(nil); errors.As(err, &missing) && missing.IsNotFound {
		return nil, nil
	}
	return slices.DeleteFunc(all, func(text string) bool {
		tag, _, _ := strings.Cut(strings.ReplaceAll(text, ";", " "), " ")
		return !strings.EqualFold(tag, version)
	}), err
}
