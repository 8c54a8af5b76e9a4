package op

// Paths returns the paths of the provider's endpoints, for whoever counts requests.
func Paths() []string {
	return []string{
		authorizePath, resumePath, tokenPath, introspectionPath, revocationPath, pushPath, devicePath, userinfoPath, endSessionPath, signedOutPath, checkSessionPath,
		jwksPath, openIDConfigurationPath, oauthMetadataPath, resourceMetadataPath, registrationPath,
	}
}
