// Counters of the daemon in the text format of Prometheus 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). No host, child or device is named.
#pragma once

#include <string>

#include "daemon/daemon.h"

namespace hort::web {

struct MetricsParts {
    const Counters& counters;
    const DnsFront& dns;
    const PolicyInForce& policy;
};

std::string metrics_text(const MetricsParts& parts);

}  // namespace hort::web
