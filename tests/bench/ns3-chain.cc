/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ns3-chain.cc - the daisy chain of samples/daisy-chain in ns-3, for comparison: ns3-chain NODES SECONDS
 *
 * The same nodes, links, rate and datagrams, with ns-3's own IP stack and no traces.  Prints datagrams received and sent.
 */
#include <cstdlib>
#include <iostream>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

int
main(int argc, char** argv)
{
    if (argc != 3)
        return 2;
    const uint32_t nodeCount = std::atoi(argv[1]);
    const double seconds = std::atof(argv[2]);
    const uint32_t payload = 1470;
    const uint64_t rate = 100000000;

    NodeContainer nodes;
    nodes.Create(nodeCount);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
    link.SetChannelAttribute("Delay", StringValue("1ms"));
    link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000p"));
    InternetStackHelper internet;
    internet.Install(nodes);
    Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
    Ipv4InterfaceContainer last;
    for (uint32_t i = 0; i + 1 < nodeCount; i++)
    {
        last = addresses.Assign(link.Install(nodes.Get(i), nodes.Get(i + 1)));
        addresses.NewNetwork();
    }
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();

    UdpServerHelper server(9);
    server.Install(nodes.Get(nodeCount - 1)).Start(Seconds(0));
    UdpClientHelper client(last.GetAddress(1), 9);
    client.SetAttribute("PacketSize", UintegerValue(payload));
    client.SetAttribute("MaxPackets", UintegerValue(static_cast<uint32_t>(seconds * rate / (payload * 8))));
    client.SetAttribute("Interval", TimeValue(NanoSeconds(payload * 8ULL * 1000000000ULL / rate)));
    ApplicationContainer sender = client.Install(nodes.Get(0));
    sender.Start(Seconds(1));

    Simulator::Stop(Seconds(seconds + 3));
    Simulator::Run();
    std::cout << DynamicCast<UdpServer>(server.GetServer())->GetReceived() << " "
              << static_cast<uint64_t>(seconds * rate / (payload * 8)) << std::endl;
    Simulator::Destroy();
    return 0;
}
