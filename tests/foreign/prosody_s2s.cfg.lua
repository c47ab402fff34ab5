-- Prosody as another server: loopback only, with a domain and an authority of the test's.
daemonize = false
run_as_root = true
pidfile = "@FOLDER@/pid"
data_path = "@FOLDER@/data"
plugin_paths = { "@SCRIPTS@/prosody" }
log = { debug = "*console" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { @PLAIN@ }
c2s_direct_tls_ports = { @TLS@ }
s2s_ports = { @S2S@ }
s2s_direct_tls_ports = { @S2S_TLS@ }
http_ports = { }
https_ports = { }
modules_enabled = { "roster"; "saslauth"; "tls"; "dialback"; "disco"; "carbons"; "version"; "ping"; "vcard_legacy"; "offline"; "smacks"; "routes"; @BIDI@ }
authentication = "internal_hashed"
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = @SECURE@
s2s_timeout = 20
ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem"; cafile = "@AUTHORITY@"; capath = "/nonexistent" }
c2s_direct_tls_ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }
-- Where other servers are, as there is no DNS.
routes = { @ROUTES@ }
direct_routes = { @DIRECT_ROUTES@ }

VirtualHost "@DOMAIN@"
