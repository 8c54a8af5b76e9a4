package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/ui"
)

// brand is whoever runs the service, on pages and in messages.
func (p *dependencies) brand() ui.Brand {
	b := p.cfg.Branding
	return ui.Brand{
		Name: b.Name, LogoURI: b.LogoURI, AccentColor: b.AccentColor,
		SupportURI: b.SupportURI, PrivacyURI: b.PrivacyURI, TermsURI: b.TermsURI,
	}
}

// composerConfig is all that a composer needs except whom it writes to.
func (p *dependencies) composerConfig() (message.ComposerConfig, error) {
	templates, err := message.LoadTemplates(p.cfg.Messages.Templates)
	if err != nil {
		return message.ComposerConfig{}, fmt.Errorf("messages.templates: %w", err)
	}
	brand := p.brand()
	ground, ink, err := brand.Button()
	if err != nil {
		return message.ComposerConfig{}, err
	}
	return message.ComposerConfig{
		Issuer: p.cfg.Issuer, Brand: message.Brand{Name: brand.Name, Accent: ground, OnAccent: ink},
		Hasher: p.hasher, Sealer: p.sealer, Templates: templates, Now: p.now, Lifetimes: p.lifetimes(),
	}, nil
}
