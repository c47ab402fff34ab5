-- Prosody as a counterpart of the client and component libraries: loopback only, two accounts, stream management; rooms with archives, nodes, uploads,
-- registration, a component.
daemonize = false
run_as_root = true
pidfile = "@FOLDER@/pid"
data_path = "@FOLDER@/data"
log = { info = "*console" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { @PLAIN@ }
c2s_direct_tls_ports = { @TLS@ }
s2s_ports = { }
s2s_direct_tls_ports = { }
http_ports = { }
https_ports = { @HTTPS@ }
component_interfaces = { "127.0.0.1" }
component_ports = { @COMPONENT@ }
modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "carbons"; "version"; "ping"; "smacks";
	"pep"; "vcard"; "csi_simple"; "register_ibr"; "user_account_management"; "mam";
}
allow_registration = true
modules_disabled = { "s2s" }
authentication = "internal_hashed"
c2s_require_encryption = true
ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }
c2s_direct_tls_ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }
https_ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }

VirtualHost "localhost"

Component "rooms.localhost" "muc"
modules_enabled = { "muc_mam" }

Component "echo.localhost"
component_secret = "pw-echo"

-- The certificate is that of localhost.
Component "upload.localhost" "http_file_share"
http_host = "localhost"
http_external_url = "https://localhost:@UPLOADS@/"
http_file_share_size_limit = 1000000
