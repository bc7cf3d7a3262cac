// SPDX-License-Identifier: GPL-2.0-only
/*
 * link.c - network interfaces.  A plain Ethernet card without offloads, so that
 * every frame on a link is whole and its checksums are right.
 *
 * Transmit: the host takes a frame, and either it has left at once, or its skb waits in
 * sent until tx_done().  Sockets are charged for it as long, as they are on real cards: TCP
 * small queues and SO_SNDBUF see the link's speed.  A full ring stops the queue.
 *
 * Receive: frames wait in arrived until the interrupt; NAPI takes them from there.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>
#include "../kernel/glue.h"

struct kg_link {
	struct net_device *dev;
	struct napi_struct napi;
	struct sk_buff_head arrived;
	struct sk_buff_head sent;
	u32 ifid;
	u32 left;		/* frames at the head of sent that have left */
	bool stopped;		/* by a full ring */
	bool wake;		/* room in the ring */
	bool queued;		/* when last told, packets waited for room in the ring */
};

static struct kg_link *kg_links[KG_IF_MAX];
static DECLARE_BITMAP(kg_links_due, KG_IF_MAX);

static struct kg_link *kg_link_of(u32 ifid)
{
	return ifid < KG_IF_MAX ? kg_links[ifid] : NULL;
}

static void kg_link_irq(struct kg_link *link)
{
	set_bit(link->ifid, kg_links_due);
	kg_irq_bits |= KG_IRQ_NET;
}

/* In the order of interface numbers. */
void kg_net_irq(void)
{
	unsigned int ifid;

	for_each_set_bit(ifid, kg_links_due, KG_IF_MAX) {
		clear_bit(ifid, kg_links_due);
		napi_schedule(&kg_links[ifid]->napi);
	}
}

/* ---- transmit ------------------------------------------------------------- */

static netdev_tx_t kg_link_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct kg_link *link = netdev_priv(dev);
	unsigned int size = skb->len;
	s32 taken;

	if (skb_linearize(skb)) {
		DEV_STATS_INC(dev, tx_dropped);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	taken = kg_host->xmit(kg_host->ctx, link->ifid, skb->data, size);
	if (taken < 0) {
		link->stopped = true;
		kg_note_queue();
		netif_stop_queue(dev);
		return NETDEV_TX_BUSY;
	}
	dev_sw_netstats_tx_add(dev, 1, size);
	skb_tx_timestamp(skb);
	if (taken)
		__skb_queue_tail(&link->sent, skb);
	else
		dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

static void kg_link_clean(struct kg_link *link, int budget)
{
	struct sk_buff *skb;

	while (link->left && (skb = __skb_dequeue(&link->sent))) {
		link->left--;
		napi_consume_skb(skb, budget);
	}
	link->left = 0;
	if (link->queued)
		kg_note_queue();
	if (!link->wake)
		return;
	link->wake = false;
	link->stopped = false;
	netif_wake_queue(link->dev);
}

s32 kg_tx_done(const struct kg_side_call *call)
{
	struct kg_link *link = kg_link_of(call->ifid);

	if (!link)
		return -ENODEV;
	link->left += call->number;
	if (link->stopped)
		link->wake = true;
	kg_link_irq(link);
	return 0;
}

/* Packets wait in the queueing discipline only while the ring is full. */
void kg_link_queues(void (*tell)(u32 ifid, u64 packets, u64 bytes))
{
	struct kg_link *link;
	u32 ifid, packets, bytes;

	for (ifid = 0; ifid < KG_IF_MAX && (link = kg_links[ifid]); ifid++) {
		if (!link->stopped && !link->queued)
			continue;
		qdisc_qstats_qlen_backlog(rtnl_dereference(netdev_get_tx_queue(link->dev, 0)->qdisc), &packets, &bytes);
		link->queued = packets;
		tell(ifid, packets, bytes);
	}
}

/* ---- receive ---------------------------------------------------------------- */

static int kg_link_poll(struct napi_struct *napi, int budget)
{
	struct kg_link *link = container_of(napi, struct kg_link, napi);
	struct sk_buff *skb;
	int done = 0;

	kg_link_clean(link, budget);
	while (done < budget && (skb = __skb_dequeue(&link->arrived))) {
		dev_sw_netstats_rx_add(link->dev, skb->len);
		skb->protocol = eth_type_trans(skb, link->dev);
		napi_gro_receive(napi, skb);
		done++;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

s32 kg_rx(const struct kg_side_call *call)
{
	struct kg_link *link = kg_link_of(call->ifid);
	u64 size = call->size;
	struct sk_buff *skb;

	if (!link)
		return -ENODEV;
	if (size < ETH_HLEN || size > ETH_MAX_MTU)
		return -EINVAL;
	if (!netif_running(link->dev) || !netif_carrier_ok(link->dev))
		return -ENETDOWN;
	skb = __netdev_alloc_skb_ip_align(link->dev, size, GFP_ATOMIC);
	if (!skb) {
		DEV_STATS_INC(link->dev, rx_dropped);
		return -ENOMEM;
	}
	skb_put_data(skb, call->frame, size);
	__skb_queue_tail(&link->arrived, skb);
	kg_link_irq(link);
	return 0;
}

/* ---- the device ----------------------------------------------------------------- */

static int kg_link_open(struct net_device *dev)
{
	struct kg_link *link = netdev_priv(dev);

	napi_enable(&link->napi);
	netif_start_queue(dev);
	return 0;
}

static int kg_link_stop(struct net_device *dev)
{
	struct kg_link *link = netdev_priv(dev);

	netif_stop_queue(dev);
	napi_disable(&link->napi);
	__skb_queue_purge(&link->arrived);
	return 0;
}

static void kg_link_stats(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	netdev_stats_to_stats64(stats, &dev->stats);
	dev_fetch_sw_netstats(stats, dev->tstats);
}

static const struct net_device_ops kg_link_ops = {
	.ndo_open = kg_link_open,
	.ndo_stop = kg_link_stop,
	.ndo_start_xmit = kg_link_xmit,
	.ndo_get_stats64 = kg_link_stats,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static void kg_link_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "hindcast", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(&dev->dev), sizeof(info->bus_info));
}

static int kg_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = SPEED_10000;
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_OTHER;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static const struct ethtool_ops kg_link_ethtool = {
	.get_drvinfo = kg_link_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = kg_link_ksettings,
};

static void kg_link_setup(struct net_device *dev, const u8 *mac, u32 mtu)
{
	dev->netdev_ops = &kg_link_ops;
	dev->ethtool_ops = &kg_link_ethtool;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	dev->mtu = mtu;
	/* NETIF_F_SG would only cost a copy: the host takes frames in one piece. */
	dev->features = NETIF_F_GRO;
	eth_hw_addr_set(dev, mac);
}

/* In pid 1, see kg_api_if_add(). */
s32 kg_if_add(const struct kg_call *call)
{
	u32 ifid = call->args[0];
	struct net_device *dev;
	struct kg_link *link;
	int err;

	if (ifid >= KG_IF_MAX || kg_links[ifid])
		return -EINVAL;
	dev = alloc_netdev(sizeof(*link), (const char *)call->args[1], NET_NAME_USER, ether_setup);
	if (!dev)
		return -ENOMEM;
	link = netdev_priv(dev);
	link->dev = dev;
	link->ifid = ifid;
	__skb_queue_head_init(&link->arrived);
	__skb_queue_head_init(&link->sent);
	kg_link_setup(dev, (const u8 *)call->args[2], call->args[3]);
	netif_napi_add(dev, &link->napi, kg_link_poll);
	netif_carrier_off(dev);
	err = register_netdev(dev);
	if (err) {
		free_netdev(dev);
		return err;
	}
	netif_carrier_on(dev);
	kg_links[ifid] = link;
	return 0;
}

s32 kg_if_carrier(const struct kg_side_call *call)
{
	struct kg_link *link = kg_link_of(call->ifid);

	if (!link)
		return -ENODEV;
	if (call->number)
		netif_carrier_on(link->dev);
	else
		netif_carrier_off(link->dev);
	return 0;
}
