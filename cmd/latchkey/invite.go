package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func inviteCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "invite", Short: "Invite people to sign up"}
	cmd.AddCommand(inviteCreateCommand())
	return cmd
}

// newInvitation is what `invite create` is told.
type newInvitation struct {
	email, locale string
	printLink     bool
}

func inviteCreateCommand() *cobra.Command {
	var from storeFlags
	var i newInvitation
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Send somebody a link to sign up with, where sign_up.mode is invitation",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error { return i.create(cmd, store, p) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&i.email, "email", "", "`address` of whom to invite (required)")
	flags.StringVar(&i.locale, "locale", "", "`language` of the message, such as de")
	flags.BoolVar(&i.printLink, "print-link", false, "print the link instead of sending it; whoever has it can sign up with this address")
	return cmd
}

func (i *newInvitation) create(cmd *cobra.Command, store *sqlstore.Store, p *dependencies) error {
	var err error
	if i.email, err = ident.Email(i.email); err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	if p.cfg.SignUp.Mode != config.SignUpInvitation {
		return fmt.Errorf("sign_up.mode is %s: invitations are used where it is invitation", p.cfg.SignUp.Mode)
	}
	if _, err := store.Users().ByIdentifier(cmd.Context(), i.email); !errors.Is(err, storage.ErrNotFound) {
		return errors.Join(errors.New("somebody with this address has an account already"), err)
	}
	token, now := rand.Text(), p.now() // 130 bits
	id, err := storage.NewID(now, rand.Reader)
	if err != nil {
		return err
	}
	inv := &storage.Invitation{
		ID: id, TokenHash: p.hasher.Sum("invitation", token), Email: i.email,
		CreatedAt: now, ExpiresAt: now.Add(p.cfg.Account.Links.Invitation),
	}
	e, err := operatorEvent(p, storage.EventInvitationCreated, "", "")
	if err != nil {
		return err
	}
	var sent []storage.Message
	if !i.printLink {
		m, err := p.intents().New(message.Asked{Locale: i.locale}, message.Invitation{Email: i.email, Token: token, ExpiresAt: inv.ExpiresAt})
		if err != nil {
			return err
		}
		sent = append(sent, m)
	}
	if err := store.Invitations().Create(cmd.Context(), inv, e, sent...); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "invited %s until %s\n", i.email, at(inv.ExpiresAt, ""))
	if i.printLink {
		query := url.Values{message.InvitationParam: {token}}
		fmt.Fprintf(cmd.OutOrStdout(), "%s%s?%s\n", p.cfg.Issuer, message.PathSignUp, query.Encode())
	}
	return nil
}
