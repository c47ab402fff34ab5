-- Prosody under load: no limits on rates, SCRAM-SHA-256, file storage as packaged. Lines behind @ARCHIVE@ are for cases
-- with an archive.
daemonize = false
run_as_root = true
pidfile = "@FOLDER@/pid"
data_path = "@FOLDER@/data"
log = { warn = "@FOLDER@/prosody.log" }
network_backend = "epoll"
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { @PLAIN@ }
c2s_direct_tls_ports = { @TLS@ }
s2s_ports = { }
s2s_direct_tls_ports = { }
http_ports = { }
https_ports = { }
modules_enabled = {
  "roster"; "saslauth"; "tls"; "disco"; "carbons"; "version"; "time"; "lastactivity"; "ping"; "register_ibr"; "smacks";
@ARCHIVE@  "mam";
}
@ARCHIVE@default_archive_policy = true
modules_disabled = { "s2s" }
allow_registration = true
authentication = "internal_hashed"
password_hash = "SHA-256"
default_iteration_count = 4096
c2s_require_encryption = false
c2s_tcp_backlog = 1024
network_settings = { tcp_backlog = 1024 }
ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }
c2s_direct_tls_ssl = { certificate = "@FOLDER@/cert.pem"; key = "@FOLDER@/key.pem" }

VirtualHost "localhost"
