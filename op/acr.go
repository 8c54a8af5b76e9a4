package op

import (
	"cmp"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// ACRAlias is another name of an authentication context class: what a federation or a
// law calls it, such as http://eidas.europa.eu/LoA/substantial.
type ACRAlias struct{ Name, Class string }

// nameClasses has a request ask for classes of ours where it used other names for them,
// and notes how it called each: so it is called in what the client is told (Core 2: acr
// is what relying party and provider agree on). Everything between judges classes alone.
func nameClasses(request *interaction.AuthorizationRequest, aliases map[string]string) {
	if len(aliases) == 0 {
		return
	}
	names := map[string]string{}
	of := func(asked []string) []string {
		classes := make([]string, len(asked))
		for i, name := range asked {
			classes[i] = cmp.Or(aliases[name], name)
			if _, named := names[classes[i]]; !named {
				names[classes[i]] = name
			}
		}
		return classes
	}
	if request.EssentialACR != nil {
		request.EssentialACR = of(request.EssentialACR)
	}
	if request.ACRValues != nil {
		request.ACRValues = of(request.ACRValues)
	}
	for class, name := range names {
		if class == name {
			delete(names, class)
		}
	}
	if len(names) > 0 {
		request.ACRNames = names
	}
}

// aliasClasses is the class that each alias names.
func aliasClasses(aliases []ACRAlias) map[string]string {
	classes := make(map[string]string, len(aliases))
	for _, a := range aliases {
		classes[a.Name] = a.Class
	}
	return classes
}

// toldACR is the acr of a grant as its client is told it.
func toldACR(g *storage.Grant) string { return cmp.Or(g.Claims.ACRName, g.Authentication.ACR) }

// supportedACRs are the classes that can be reached, and their other names.
func supportedACRs(classes []string, aliases []ACRAlias) []string {
	all := classes
	for _, class := range classes {
		for _, a := range aliases {
			if a.Class == class {
				all = append(all[:len(all):len(all)], a.Name)
			}
		}
	}
	return all
}
