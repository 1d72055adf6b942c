#include "daemon/proxy/local_pages.h"

namespace hort::proxy {

std::string local_page(std::string_view path, const platform::Endpoint& own) {
    path = path.substr(0, path.find('?'));
    if (path != "/proxy.pac" && path != "/wpad.dat") return {};
    // Without a second choice: where this proxy is not reached, nothing is.
    const std::string script =
        "function FindProxyForURL(url, host) {\n"
        "  if (host == \"localhost\" || host == \"::1\" || shExpMatch(host, \"127.*\")) return \"DIRECT\";\n"
        "  return \"PROXY " +
        own.text() +
        "\";\n"
        "}\n";
    return "HTTP/1.1 200 OK\r\nContent-Type: application/x-ns-proxy-autoconfig\r\nCache-Control: no-cache\r\n"
           "Content-Length: " +
           std::to_string(script.size()) + "\r\nConnection: close\r\n\r\n" + script;
}

}  // namespace hort::proxy
