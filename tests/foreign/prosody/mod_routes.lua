-- Finds the servers of the test's domains at their ports, as there is no DNS: `routes = { ["a.example"] = 5269; }`, and
-- `direct_routes` for those where TLS is the first word.
module:set_global();

local basic = require "net.resolvers.basic";
local service = require "net.resolvers.service";

local routes = module:get_option("routes", {});
local direct_routes = module:get_option("direct_routes", {});
local by_dns = service.new;

function service.new(hostname, service_name, conn_type, extra)
	local known = routes[hostname] or direct_routes[hostname];
	local port = (service_name == "xmpps-server" and direct_routes or routes)[hostname];
	if port then
		return basic.new("127.0.0.1", port, conn_type, extra);
	elseif known then
		return { next = function (_, cb) cb(nil, "not here"); end };
	end
	return by_dns(hostname, service_name, conn_type, extra);
end
