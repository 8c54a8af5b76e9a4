package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

func mailCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mail", Short: "Try out outgoing email"}
	cmd.AddCommand(channelTestCommand(storage.ChannelEmail, "Send a message to an address now, and name the step that fails",
		"mail.smtp_url is not set: there is no server to send email to", "address"))
	return cmd
}

func smsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "sms", Short: "Try out outgoing SMS"}
	cmd.AddCommand(channelTestCommand(storage.ChannelSMS, "Send a message to a number now, and name the step that fails",
		"sms.provider is not set: there is no gateway to send SMS to", "number"))
	return cmd
}

func channelTestCommand(channel storage.Channel, short, unset, to string) *cobra.Command {
	var from storeFlags
	var test channelTest
	cmd := &cobra.Command{
		Use: "test", Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			test.channel, test.unset = channel, unset
			return test.run(cmd, &from)
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&test.to, "to", "", "`"+to+"` to send to (required)")
	cmd.Flags().StringVar(&test.locale, "locale", "", "`language` of the message, such as de")
	return cmd
}

// channelTest sends one message past the outbox.
type channelTest struct {
	channel    storage.Channel
	to, locale string
	unset      string // what to say where the channel is not set up
}

func (t *channelTest) run(cmd *cobra.Command, from *storeFlags) error {
	if t.to == "" {
		return errors.New("--to is required")
	}
	cfg, err := from.load()
	if err != nil {
		return err
	}
	p, err := newDependencies(cfg, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		return err
	}
	if t.channel == storage.ChannelSMS {
		if err := t.checkNumber(p); err != nil {
			return err
		}
	}
	senders, err := p.senders()
	if err != nil {
		return err
	}
	sender, ok := senders[t.channel]
	if !ok {
		return errors.New(t.unset)
	}
	intent, err := p.intents().New(message.Asked{Locale: t.locale}, message.Test{Channel: t.channel, To: t.to})
	if err != nil {
		return err
	}
	composing, err := p.composerConfig()
	if err != nil {
		return err
	}
	composer, err := message.NewComposer(composing)
	if err != nil {
		return err
	}
	mail, err := composer.Compose(cmd.Context(), intent)
	if err != nil {
		return err
	}
	if err := sender.Send(cmd.Context(), intent, mail); err != nil {
		return fmt.Errorf("not sent; it failed at %s", delivery.Detail(err))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "accepted for %s\n", t.to)
	return nil
}

// checkNumber refuses what would be refused from people as well.
func (t *channelTest) checkNumber(p *dependencies) error {
	number, ok := ident.CanonicalPhone(t.to)
	if !ok {
		return fmt.Errorf("--to %q is not a telephone number; write it with its country code, such as +49 151 12345678", t.to)
	}
	t.to = number
	country := ident.PhoneCountry(number)
	for _, allowed := range p.cfg.SMS.Countries {
		if allowed == country {
			return nil
		}
	}
	return fmt.Errorf("--to %s is in %q, which is not among sms.countries", number, country)
}
