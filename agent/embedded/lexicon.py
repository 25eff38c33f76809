"""Words that speak of the same thing, in the languages support teams meet most.

General knowledge of language, none of any company: what belongs to a field or an option is found by which of these its
description speaks of.

Every entry is a list of regular expressions for whole words, of which one must fit; a line break separates as "|"
does, a space stands for any white space, and the apostrophe of "n't" may be missing.
"""

from __future__ import annotations

from enum import StrEnum


class Concept(StrEnum):
    # what a case can be about
    FAULT = "fault"
    CHARGE = "charge"
    REFUND = "refund"
    DELIVERY = "delivery"
    ACCESS = "access"
    QUESTION = "question"
    SEND_BACK = "send_back"
    COMPLAINT = "complaint"
    TROUBLE = "trouble"  # something is not as it should be, whatever it is
    ONSET = "onset"  # since when, how often: what people say of troubles
    # what waiting does
    PATIENCE = "patience"
    MAKESHIFT = "makeshift"
    DEADLINE = "deadline"
    LOSS = "loss"
    DANGER = "danger"
    STANDSTILL = "standstill"
    URGENT = "urgent"
    # what a value belongs to
    BUY = "buy"
    ARRIVE = "arrive"
    CALL = "call"
    WARRANTY = "warranty"
    REQUEST = "request"
    PRICE = "price"


LEXICON: dict[Concept, str] = {
    Concept.FAULT: r"""
        brok(?:e|en)|breaks|fault(?:s|y)?|defects?|defective|malfunction\w*|stopped \w+ing|stops(?: \w+ing)?|dead
        (?:just |suddenly )?(?:died|dies)|crash(?:es|ed|ing)?|freez(?:es|ing)|fr[oe]zen?|stuck|jam(?:s|med)
        leak(?:s|ed|ing|y)?|drip(?:s|ping)?|crackl(?:es|ed|ing|y)|rattl(?:es|ed|ing)|hum(?:s|ming)|buzz(?:es|ing)
        hiss(?:es|ing)|squeak\w*|squeal\w*|flicker(?:s|ing)|overheat\w*|error(?:s| \w+)?|e\d\d|fail(?:s|ed|ing|ure)?
        (?:went|gone|goes|going) (?:quiet|silent|dead|dark|black|blank|down|dim)
        no (?:sound|picture|power|signal|light|response|heat|display|audio)
        (?:cut|cuts|cutting|drop|drops|dropping|dropped) (?:out|off)|disconnect(?:s|ed|ing)
        (?:loses?|losing|lost) (?:\w+ )?(?:connection|power|signal|pressure|charge)|keeps? \w+ing
        ke(?:eps?|pt) on \w+ing|spinning|(?:gets?|got|getting|is|are|runs?) (?:really |very |too |so )?hot
        (?:too|way too) (?:fast|slow|loud|quiet|hot|cold|weak|dim|bright)|(?:only )?lasts? (?:only |about )?\d+ \w+
        cracked|snapped|torn|wobbl\w*|scratched
        (?:strange|odd|weird|loud|awful|funny|making an?|makes an?) (?:\w+ ){0,2}(?:noise|sound|smell)|gurgl\w*
        grinding noise|beeps?|beeping|stays (?:on|off|red|orange|dark|black|lit)|out of (?:order|sync)|bugs?|buggy
        glitch\w*|laggy|peel(?:s|ed|ing)|came off|comes off|fell (?:off|out|apart)|fall(?:s|ing)? (?:off|out|apart)
        on the fritz|acting up|playing up|packed (?:up|in)|gave up|conked out|blown|trips? the (?:fuse|breaker)
        tripping|skips|skipping|distort(?:s|ed|ion)|static|unresponsive|bricked|dim(?:s|ming)|does its own thing
        unreliable|do(?:es)? not work|not work(?:ing)?|(?:smoke|smoking|sparks?|sparking|burn(?:s|t|ed|ing)|burnt)
        electric shocks?|(?:gave|gives?|giving|got|gets?|getting) (?:\w+ ){0,3}shocks?
        water (?:comes|came|coming|running|everywhere)|wrong time|by itself
        kaputt|defekt\w*|funktioniert (?:\w+ ){0,2}nicht|geht (?:\w+ ){0,3}nicht(?: mehr)?|läuft (?:\w+ ){0,2}nicht
        startet nicht|lädt (?:\w+ ){0,2}nicht|lässt sich (?:\w+ ){0,3}nicht|fehler\w*|undicht|tropft|verliert|schlieren
        brummt|knackt|rauscht|piept|flackert|klemmt|bricht (?:\w+ ){0,3}ab|stürzt (?:\w+ ){0,2}ab|störung|gebrochen
        gerissen|qualmt|raucht|stinkt|setzt aus|fällt (?:\w+ ){0,2}aus
        ne (?:se )?(?:fonctionne|marche|charge|démarre|répond|chauffe)\w* (?:plus|pas|rien)
        ne (?:se )?(?:connecte|tourne|tient|ferme|s'allume|s'éteint)\w* (?:plus|pas|rien)
        en panne|cassée?s?|défectueu(?:x|se)|fuit|fuite|grésille\w*|erreur|clignote|(?:s'est|est) (?:bloquée?|éteinte?)
        coupe|surchauffe|brûle|fume
        no (?:funciona|enciende|carga|arranca|suena|conecta|responde|va|calienta)\w*|rot[oa]s?|averiad[oa]s?
        estropead[oa]s?|gotea|pierde|ruido|fallo|falla|partid[oa]s?|se (?:apaga|corta|bloquea|calienta)
        não (?:\w+ )?(?:funciona|liga|carrega|conecta)|quebrad[oa]|avariad[oa]|estragad[oa]|partiu
        non (?:funziona|si accende|parte|carica|va)|rott[oa]|guast[oa]|difettos[oa]|perde|werkt (?:\w+ ){0,2}niet
        doet het niet|kapot|stuk|lekt|storing|kraakt|gaat niet|nie działa|zepsut\w*|uszkodzon\w*|przecieka|virker ikke
        fungerar inte|trasig|ødelagt|rikki
    """,
    Concept.CHARGE: r"""
        charged (?:\w+ ){0,2}(?:twice|double|again|me|us|the|for|my|in|on|\d)
        (?:been|was|were|got|get|wrongly|over)[ -]?charged|double charge|overcharg\w*|charges|a charge|the charge
        payments?|paid twice|invoices?|bills?|billing|billed|direct debit|debited|discounts?|vouchers?|promo(?: code)?
        coupon|my card (?:shows|was)|bank statement|credit note|vat|receipt for|money (?:was |is |has )?(?:been )?taken
        subscription fee
        abgebucht|rechnung\w*|abbuchung\w*|doppelt (?:berechnet|bezahlt)|zahlung\w*|gutschein\w*|rabatt\w*
        débitée?s?|prélevée?s?|prélèvement|facture\w*|paiement|remise|bon de réduction|cobrad[oa]|cobro|factura\w*
        cargo|descuento|pago|cobrad[oa]|fatura|cobrança|addebit\w*|fattura|factuur|afgeschreven|faktur\w*|obciążen\w*
    """,
    Concept.REFUND: r"""
        refund\w*|reimburs\w*|money back|get back
        (?:pay|paid|gives?|want|like|expect|ask(?:ing)?(?: for)?) (?:(?!to |send |bring |take |go )\S+ ){0,5}back
        send (?:\w+ ){0,4}(?=[£$€]|money\b|amount\b)|(?:the )?missing (?:amount|money|eur|usd|gbp|\W?\d)
        credit(?:ed)? (?:\w+ )?back|back (?:to|on|onto) my (?:card|account)|owe[sd]? me
        erstatt\w*|rückerstattung|geld zurück|zurückerstatten|gutschrift|rembours\w*|reembols\w*|devuelv\w*
        devolución del dinero|rimbors\w*|terugbetal\w*|geld terug|zwrot\w*
    """,
    Concept.DELIVERY: r"""
        where(?:'s| is| are) my (?:\w+ )?(?:orders?|delivery|stuff|things)|should have (?:arrived|come|been delivered)
        parcels?|packages?|couriers?|shipp(?:ing|ed|ment)|deliver(?:y|ed|ies)|tracking
        (?:has|have|had|is|was)(?: not|n't) (?:yet )?(?:arrived|come|turned up)|never (?:arrived|came|turned up)
        (?:arrived|came) (?:\w+ ){0,2}(?:without|broken|damaged|crushed|dented|incomplete|empty|smashed|wrong)
        not in the box|missing (?:from|in)|(?:\w+ )?(?:is|was|are|were) missing|lost in (?:the )?(?:post|mail|transit)
        wrong (?:product|item|colour|color|size|one|model|thing)|sent (?:me |us )?the wrong|instead of the|incomplete
        (?:is|are|still) late|(?:crushed|dented|ripped|damaged) box|in transit|post office|neighbou?r signed
        paket\w*|lieferung\w*|geliefert|zustell\w*|zugestellt|versand\w*|bote|dhl|sendung\w*|nicht angekommen
        falsch geliefert|colis|livraison|livrée?s?|livreur|expédi\w*|paquete|pedido (?:\w+ )?con|entrega\w*|repartidor
        envío|mensajero|encomenda|transportadora|pacco|consegna\w*|corriere|pakket\w*|bezorg\w*|geleverd|levering
        paczk\w*|przesyłk\w*|kurier\w*|dostaw\w*
    """,
    Concept.ACCESS: r"""
        log[ -]?in|log(?:ging|ged)? (?:in|on)|sign(?:ing)? in|passwords?|passcode|locked out
        (?:account|acount) (?:\w+ ){0,2}(?:locked|blocked|hacked|hijacked|taken over|suspended|disabled)
        (?:into|access) (?:to )?(?:my|the|our|his|her) (?:\w+ )?account|reset (?:link|mail|email)|verification code
        two[ -]factor|2fa|username|hacked|hijacked
        (?:someone|somebody) (?:else )?(?:is|was|has been|got) (?:in|into|inside|using) my (?:\w+ )?account
        changed my (?:e-?mail|password)
        passwor[td]\w*|anmelde\w*|einloggen|zugang\w*|konto gesperrt|ausgesperrt|mot de passe|me connecter|connexion
        identifiant\w*|compte bloqué|contraseña|iniciar sesión|mi cuenta|acceder|senha|palavra-passe|conta bloqueada
        wachtwoord|inloggen|hasło|zalogować|accedere
    """,
    Concept.QUESTION: r"""
        (?:a |quick |just a )?questions?|enquir\w+|inquir\w+|how to|how do (?:i|you|we)
        know (?:whether|if|something|how|about)|wondering|is it possible|compatib\w+|colou?rs|features
        do(?:es)? (?:you|it|this|that|the|your|they) (?:\w+ ){0,5}(?:come|fit|work|support|sell|offer|have)
        do(?:es)? (?:you|it|this|that|the|your|they) (?:\w+ ){0,5}(?:deliver|ship|make|take|cost)
        can (?:i|you|we|one) (?:use|set|connect|change|cut|buy|get|put|add|turn|pair|have|run|wash|leave|order|mix)
        which (?:one|model|of)|what(?:'s| is) the difference
        frage\w*|ob (?:\w+ ){1,8}(?:kann|geht|ist|passt|gibt)|wie (?:kann|stelle|mache|geht)|gibt es|passt|une question
        est-ce que|puis-je|comment (?:faire|puis)|une? (?:pregunta|duda)|cómo (?:puedo|se)|se puede
        uma (?:pergunta|dúvida)|como (?:posso|faço)|een vraag|hoe kan|una domanda|come (?:posso|si)|pytanie
        czy (?:można|da się)
    """,
    Concept.SEND_BACK: r"""
        (?:send(?:ing)?|sent|give|bring|ship|take|go(?:es)?) (?:\w+ ){0,6}back(?! (?:\w+ ){0,2}(?:[£$€\d]|money|amount))
        return(?:s|ing)?(?: \w+)?|cancel\w*|changed (?:my|our|her|his) mind|withdraw(?:al)?|wrong choice
        do(?:n't| not) (?:want|need) (?:it|them|this|that) any ?more
        zurück(?:schicken|senden|geben)|rücksend\w*|retour\w*|widerruf\w*|stornier\w*|umtausch\w*|renvoyer|renvoi
        rétract\w*|annuler|annulation|devolver|devolución|cancelar|anular|trocar|terugsturen|annuleren|restituire|reso
        annullare|zwrócić|odesłać|anulować
    """,
    Concept.COMPLAINT: r"""
        complain(?:t|ts|ing)?|rude(?:ly)?|unacceptable|disgrace\w*|appalling|hung up on|insult\w*|shouted
        treated (?:me|us|like)|beschwer\w*|unverschämt|unfreundlich|plainte|réclamation|inadmissible|impoli\w*|queja
        reclamación|maleducad[oa]|reclamação|klacht|onbeschoft|reclamo|skarg\w*
    """,
    Concept.TROUBLE: r"""
        wrong(?:ly)?|incorrect(?:ly)?|declined|rejected|refused|denied|unable|st[oe]le|stolen|lost|missing|gone|pending
        delayed|late|extra|duplicate(?:d)?|repeat(?:ed)?|twice|unexpected(?:ly)?|unknown|unauthori[sz]ed
        unrecogni[sz]ed|expired|blocked|locked|suspended|disappear\w*|vanish\w*|restart(?:s|ed|ing)|reboots?|rebooting
        resets? itself|mistake(?:s|nly)?|by accident|accidentally|someone else|somebody else
        too (?:much|many|late|heavy|big|small|tight|long|short|high|low|fast|slow|loud|quiet|hot|cold)|used to|tried
        trying|supposed to|should have|instead|damaged?|confus\w+|annoy\w+|frustrat\w+|disappoint\w+|faded|worse|cannot
        can't|won't|doesn't|(?:did|could)n't(?! (?:find|see))|(?:will|would|does|can|has|have) not|no longer
        (?:did|could) not(?! (?:find|see))
        not (?:\w+ )?(?:\w+ed|\w+ing)|not possible
        (?:is|was|are|were|has|have|had)n't (?:\w+ )?(?:\w+ed|\w+ing|been|come|gone|shown|gotten)
        do(?:n't| not) (?:see|recogni[sz]e|remember (?:making|doing)|get|receive|have access)
        falsch\w*|zu (?:viel|spät|laut|leise|schnell|langsam|heiß|schwer|klein|groß)|fehlt|fehlen|verloren|gestohlen
        versehentlich|abgelehnt|beschädigt\w*|trop|manque|perdue?s?|volée?s?|erreur|refusée?s?|endommagée?s?|abîmée?s?
        demasiad[oa]s?|falta[nr]?|perdid[oa]s?|robad[oa]s?|equivocad[oa]s?|rechazad[oa]s?|dañad[oa]s?|aplastad[oa]s?
        demais|errad[oa]s?|faltando|danificad[oa]s?|troppo|manca|sbagliat[oa]|danneggiat[oa]|verkeerd\w*
        te (?:veel|laat|hard|zacht|heet|zwaar)|ontbreekt|beschadigd|kwijt|flikkert|za (?:dużo|późno|głośno)|brakuje
        uszkodzon\w*|błęd\w*|zamiast
    """,
    Concept.ONSET: r"""
        since|every (?:time|day|night|morning|evening|hour|week|\d+|single|few)|always|again|any ?more|suddenly
        after (?:the|an?|this|that|my|about|only|just) \w+|for (?:\w+ ){0,2}(?:days?|weeks?|hours?|months?|minutes)
        yesterday|(?:this|since this|last) (?:morning|afternoon|evening|night|week|month|weekend)s?|still|constantly
        all the time|whenever|each time|half the time|keeps?|just now|ago|out of the blue|from day one
        seit|immer|ständig|plötzlich|jedes mal|dauernd|gestern|depuis|toujours|chaque (?:fois|jour)|soudain|hier|desde
        siempre|cada (?:vez|día)|de repente|ayer|sempre|toda vez|cada vez|ontem|até|da ieri|ogni volta|sinds|steeds
        altijd|de hele tijd|telkens|gisteren|od (?:wczoraj|\w+)|zawsze|ciągle|wciąż
        昨日|から|ずっと|毎回|منذ|دائما|حتى الآن
    """,
    Concept.PATIENCE: r"""
        no (?:great |big |real |particular |huge )?(?:rush|hurry|stress|urgency|panic)|take your time
        not (?:at all |that |very |so |really )?(?:urgent|pressing|in (?:a|any) (?:hurry|rush))|can wait
        (?:do(?:n't| not)|sha(?:n't|ll not)|wo(?:n't|uld not)) mind waiting|happy to wait|in no (?:hurry|rush)
        whenever (?:you|it|suits|is)|no pressing|not pressing|minor|cosmetic|hardly matters|at your leisure
        when you get (?:round|around) to it|when you have (?:a moment|time)
        (?:nicht|keine?|ohne) (?:\w+ )?(?:eilig|dringend|eile|hektik)|eilig ist es nicht|eilt nicht|hat zeit|keine eile
        in ruhe|pas (?:\w+ )?(?:pressée?|urgent)|rien ne presse|prenez votre temps
        (?:sin|no hay|no tengo|no corre) (?:\w+ )?(?:prisa|urgencia)|sem pressa|não (?:é|há|tenho) (?:urgente|pressa)
        geen haast|niet dringend|senza fretta|nessuna fretta|nie (?:spieszy|ma pośpiechu)\w*|急ぎません|急いでいません
    """,
    Concept.MAKESHIFT: r"""
        for now|for the (?:moment|time being)|in the mean(?:time|while)|meanwhile
        can (?:\w+ )?(?:manage|cope|live|carry|get by|make do|survive)|we'll live|manag(?:e|ing) (?:with|without)
        mak(?:e|ing) do|get(?:ting)? by|borrow(?:ed|ing)|lent (?:me|us)|a spare|the spare|the old one
        back to (?:the|my|our|using)|workaround|makeshift|until then
        (?:use|using|got) (?:\w+ ){0,2}(?:instead|loaners?)|end of next month|by hand
        vorerst|solange|inzwischen|derzeit (?:\w+ ){0,3}mit|behelf\w*|en attendant|pour l'instant|je me débrouille
        mientras tanto|por ahora|de momento|tenemos tiempo|por enquanto|por agora|voorlopig|intussen|per ora|intanto
        na razie
    """,
    Concept.DEADLINE: r"""
        (?:by|before|for|this coming) (?:this |next |coming )?(?:mon|tues|wednes|thurs|fri|satur|sun)day
        (?:birthday|\d+th|need\w*|leav\w+|fl(?:y|ies|ying)) (?:\w+ ){0,5}(?:mon|tues|wednes|thurs|fri|satur|sun)day
        (?:travel\w*|depart\w*|open\w*|start\w*) (?:\w+ ){0,5}(?:mon|tues|wednes|thurs|fri|satur|sun)day
        (?:by|before) (?:tomorrow|tonight|the weekend)
        (?:wedding|birthday|exam|concert|party|trip|flight) (?:is )?(?:on|this|next|tomorrow|at)
        (?:holiday|funeral|christening|anniversary|gig|show) (?:is )?(?:on|this|next|tomorrow|at)
        present for|gift for|in (?:two|three|four|five|six|\d) days
        (?:bis|am|vor) (?:\w+ )?(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)
        (?:avant|pour|d'ici) (?:\w+ )?(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)
        (?:antes del|para el|el) (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)
        (?:antes de|para|até|bis|entro|voor|przed|do) (?:amanhã|mañana|morgen|domani|jutra)
    """,
    Concept.LOSS: r"""
        (?:lost|losing|loses?|missed|missing) (?:\w+ ){0,3}(?:work|income|money|customers?|sales|orders|jobs?|sleep)
        (?:lost|losing|loses?|missed|missing) (?:\w+ ){0,3}(?:data|day|meetings?)
        can(?:'t|not) (?:\w+ )?(?:work|sleep|earn|teach|cook)|need it for (?:work|my job)|for a living
        depend(?:s|ing)? on (?:it|this)
        verdienstausfall|kann (?:\w+ )?nicht (?:arbeiten|schlafen)|perds|je ne peux (?:pas|plus) travailler|perdiendo
        no puedo trabajar
    """,
    Concept.DANGER: r"""
        smok(?:e|ed|es|ing)|fire|flames?|caught fire|burn(?:s|t|ed)?|burning|sparks?|sparked|sparking|electric shock
        shocks?|a shock|shocked me|electrocut\w*|explod\w*|melt(?:s|ed|ing)|injur\w*|hurt (?:my|his|her|him|me)
        danger(?:ous)?|unsafe|emergency|hijacked|hacked
        (?:ordering|buying|spending) (?:\w+ )?(?:with|on|from) my (?:account|card)|taking money
        (?:someone|somebody) (?:else )?(?:is|was|has been|got) (?:in|into|inside|using) my (?:\w+ )?account
        rauch\w*|qualm\w*|feuer|brand|brennt|stromschlag|gefahr|gefährlich|fumée|feu|brûl\w*|étincelles?|danger\w*|humo
        fuego|quem\w*|incendio|chispas?|peligr\w*|descarga|fumo|fogo|choque|rook|vuur|brand|schok|dym|pożar|iskr\w*
    """,
    Concept.STANDSTILL: r"""
        (?:our|my|the) only (?:one|machine|\w+ )|stand(?:s|ing)? still
        (?:people|customers|guests|patients) (?:\w+ )?(?:standing|queu\w+|waiting|in line|in front)
        (?:had|have|having) to (?:close|shut|turn (?:people|customers|guests) away)
        can(?:'t|not) (?:\w+ )?(?:open|sell|serve|trade|operate)|business (?:is )?(?:down|closed|stopped)
        shop is (?:shut|closed)|production (?:is )?(?:down|stopped)
        steht still|stillstand|einzige maschine|à l'arrêt|no podemos (?:\w+ )?(?:abrir|vender|servir)
        parad[oa]s? por completo|ligt stil
    """,
    Concept.URGENT: r"""
        urgent(?:ly)?|asap|a\.s\.a\.p|as soon as possible|immediately|right away|pressing|p1|top priority|high priority
        critical|dringend|sofort|eilt|schnellstmöglich|urgence|au plus vite|dès que possible|immédiatement|urgente
        cuanto antes|lo antes posible|o quanto antes|spoed|zo snel mogelijk|pilne|il prima possibile|至急
    """,
    Concept.BUY: r"""
        b[uo]y|buying|bought|purchas\w*|order(?:ed|ing|s)?|got (?:it|them|mine|this|the \w+) (?:on|from|in|at|last)
        kauf\w*|gekauft|bestell\w*|achet\w*|command\w*|achat|compr\w*|pedí|pedido|encomend\w*|acquist\w*|comprat\w*
        ordinat\w*|gekocht|besteld|kupi\w*|zamówi\w*|köpte|kjøpte|購入|買い|買った|注文|اشتري\w*
    """,
    Concept.ARRIVE: r"""
        arriv\w*|came|delivered|received|turned up|landed|got here|showed up|reçue?s?|livrée?s?|angekommen|geliefert
        erhalten|bekommen|llegó|recibí|entregad\w*|chegou|recebi|ontvangen|aangekomen|ricevut\w*|arrivat\w*|dotarł\w*
        otrzyma\w*
    """,
    Concept.CALL: r"""
        call(?:s|ed|ing)?|call-?back|ring(?:ing)?|phones?|telephone|mobile|cell|reach (?:me|us)
        (?:my|the|a|what|which|your) (?:\w+ )?number|dial|anrufen|rufen|ruf|telefon\w*|zurückrufen|handy|erreichen
        appel\w*|rappel\w*|téléphon\w*|joindre|llam\w*|teléfono|móvil|lig(?:ar|ue)|telefon\w*|bel(?:len)?|terugbellen
        chiam\w*|zadzwo\w*
    """,
    Concept.WARRANTY: r"""
        warrant(?:y|ies)|guarantee|garantie\w*|gewährleistung|garantía|garantia|garanzia|gwarancj\w*|garanti|保証|ضمان
    """,
    Concept.REQUEST: r"""
        please|pls|plz|can (?:you|i|we|someone|somebody|anyone|they)|could (?:you|i|we|someone|somebody|anyone|they)
        would you|(?:i|we) would (?:like|want|prefer|love)|would be (?:good|great|nice|better)
        (?:i|we)'d (?:like|prefer|want|love|expect|rather)
        (?:i|we) (?:want|need|wish|prefer|expect|ask|should like|request)
        (?:is|be|it's) (?:better|easier) for (?:me|us|him|her)|you have someone|do you have (?:someone|somebody|anyone)
        may (?:i|we)|should like|looking for|asking for|needs? to be|looking to|asking to|help (?:me|us)|show me
        let me know (?:what|how|if|whether)|tell me (?:what|how|if|why|where)|how (?:can|do) i|reply in|answer in
        write (?:to me )?in|speak|send me|give me
        bitte|können sie|könnten sie|ich (?:möchte|hätte gern|will|bräuchte|brauche)|wir (?:möchten|brauchen)|lieber
        s'il vous plaît|svp|pouvez|pourriez|je (?:souhaite|voudrais|veux|préfère|souhaiterais)|j'(?:aimerais|attends)
        merci de|por favor|pueden?|podría\w*|quiero|quisiera|necesito|prefiero|contést\w*|respond\w*|querría|gostaria
        queria|pode(?:m|ria)?|preciso|prefiro|graag|alstublieft|kunt u|ik wil|wil graag|per favore|vorrei|potete
        potrebbe|proszę|chciał\w*|czy mog\w*|ください|お願い|من فضلك|أريد|أرجو|あります
    """,
    Concept.PRICE: r"""
        pri(?:ce|ced|ces)|cost(?:s|ing)?|paid|pay(?:ing)?|worth|was charged|charged|charges?|total|in all|fee|postage
        shipping|bezahlt|gekostet|kostet|preis|payée?|prix|coût\w*|pagué|pagado|precio|cuesta|paguei|preço|betaald
        prijs|pagato|prezzo|zapłaci\w*|cena
    """,
}
